"""A run's outcome as a page of documentation, and as lines for who waits for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from lab import memory, pages, promises
from lab.checker import Violation
from lab.outcome import Outcome

_SHOWN: Final = 20
_MEGABYTE: Final = 1_000_000
_POINTS: Final = 7


def tell(outcome: Outcome, command: str, page: Path | None, *, with_sizes: bool = False) -> int:
    """Print what came of a run and put it into a page; 0 if all promises were kept, as a command's status."""
    print("\n".join(numbers(outcome, command, with_sizes=with_sizes)))
    for line in violations(outcome):
        print(line)
    if page is not None:
        pages.put(page, "\n".join(numbers(outcome, command, with_sizes=with_sizes)))
    return 0 if outcome.kept else 1


def numbers(outcome: Outcome, command: str, *, with_sizes: bool) -> Iterator[str]:
    yield from ("| | |", "| --- | --- |", _row("by", f"`{command}`"), *lines(outcome), "")
    yield from ("| fault | of | times |", "| --- | --- | --- |", *faults(outcome), "")
    if with_sizes:
        yield from ("| process | from minute to minute | MB |", "| --- | --- | --- |", *sizes(outcome), "")
    yield f"Verdict: {'all promises were kept' if outcome.kept else f'{len(outcome.violations):,} violations'}."


def lines(outcome: Outcome) -> Iterator[str]:
    """The numbers, as rows of a table."""
    verdict, writes = outcome.verdict, outcome.writes
    yield _row("minutes", f"{outcome.seconds / 60:.1f}")
    yield _row("reads, each checked", f"{verdict.reads:,}")
    yield _row("registers seen in them", f"{verdict.observations:,}")
    yield _row("how they were answered", _shares(outcome.answers))
    yield _row("worker processes that answered", f"{len(verdict.by_worker)}")
    yield _row("routes and parameters", f"{len(verdict.by_path)}")
    yield _row("writes acknowledged", f"{writes['acknowledged']:,}")
    yield _row("attempts refused, or of unknown outcome", f"{writes['unknown or refused']:,}")
    if outcome.quiet:
        yield _row("an edit in the first minute, without faults and with rests", _latency(outcome.quiet))
    yield _row("a write beside faults", _latency(outcome.calm))
    yield _row("a write within a fault", _latency(outcome.troubled))
    yield _row("workers had something to do and no processor", f"{sum(each.seconds for each in outcome.waits):,.0f} s")
    yield _row("positions acknowledged, and stored", f"{outcome.acknowledged:,}, {outcome.stored:,}")
    yield _row("`roadlens doctor` afterwards", outcome.doctor)
    yield _row("requests that failed", _counts(promises.kinds(outcome.failed)) or "none")
    yield _row("faults", f"{len(outcome.faults):,}")
    yield _row("**violations**", f"**{len(outcome.violations):,}**")


def faults(outcome: Outcome) -> Iterator[str]:
    """How many of each kind."""
    counted = Counter((fault.kind, fault.target) for fault in outcome.faults)
    for (kind, target), number in sorted(counted.items()):
        yield _row(kind, target, f"{number:,}")


def sizes(outcome: Outcome) -> Iterator[str]:
    """Megabytes of each process over the run."""
    for name, values in memory.series(outcome.sizes).items():
        step = max(1, len(values) // _POINTS)
        shown = ", ".join(f"{size / _MEGABYTE:.0f}" for _, size in values[::step])
        minutes = f"{(values[0][0] - outcome.began) / 60:.1f} to {(values[-1][0] - outcome.began) / 60:.1f}"
        yield _row(name, minutes, shown)


def violations(outcome: Outcome) -> Iterator[str]:
    """The first of them, each with the faults around it."""
    for violation in outcome.violations[:_SHOWN]:
        yield explained(violation, outcome)
    if (more := len(outcome.violations) - _SHOWN) > 0:
        yield f"and {more} more; in all: {_counts(Counter(violation.rule for violation in outcome.violations))}"


def explained(violation: Violation, outcome: Outcome) -> str:
    """One violation in a line, with times since the run began."""
    began, ended = violation.began - outcome.began, violation.ended - outcome.began
    when = f"{began:.3f}-{ended:.3f} s" if violation.ended else "at the end"
    near = [
        f"{fault.kind} of {fault.target} {fault.began - outcome.began:.3f}-{fault.ended - outcome.began:.3f}"
        for fault in outcome.faults
        if fault.touches(violation.began, violation.ended, promises.GRACE_S + 3)
    ]
    where = f" at {violation.path} by {violation.worker}" if violation.path else ""
    return (
        f"{violation.rule}: {violation.register}: {violation.what}{where}, {when}; "
        f"faults around it: {'; '.join(near) or 'none'}"
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _shares(answers: Counter[str]) -> str:
    total = sum(answers.values())
    return ", ".join(
        f"{name or 'without a word of the cache'} {number / total:.1%}" for name, number in answers.most_common()
    )


def _counts(counted: object) -> str:
    return ", ".join(f"{number:,} {kind}" for kind, number in Counter(counted).most_common())  # type: ignore[call-overload]  # a mapping of counts


def _latency(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    p50, p99 = (promises.quantile(seconds, part) * 1000 for part in (0.5, 0.99))
    return f"{p50:.1f} ms; p99 {p99:.1f} ms; longest {seconds[-1]:.2f} s ({len(seconds):,} writes)"
