"""Reads a run's history to its end and says what is to be said of it: numbers, violations, one verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab import history, memory, promises
from lab.checker import Checker, Verdict, Violation
from lab.fleet import Fleet
from lab.history import Failed, Fault, Posted, Sizes, Summed, Waited, Written, Wrong
from lab.site import Site


@dataclass(frozen=True)
class Outcome:
    """All that a report shows.

    Attributes:
        quiet: sorted seconds of edits before the first fault, while clients rest.
        calm, troubled: of the writes after that, beside faults and within them.
    """

    began: float
    seconds: float
    verdict: Verdict
    violations: Sequence[Violation]
    faults: Sequence[Fault]
    failed: Sequence[Failed]
    writes: Counter[str]
    quiet: Sequence[float]
    calm: Sequence[float]
    troubled: Sequence[float]
    acknowledged: int
    stored: int
    answers: Counter[str]
    sizes: Sequence[Sizes]
    doctor: str
    waits: Sequence[Waited] = ()

    @property
    def kept(self) -> bool:
        return not self.violations


def judged(
    directory: Path, fleet: Fleet, site: Site, began: float, *, quiet_s: float = 0.0, flat: bool = False
) -> Outcome:
    """What the history in the directory comes to. The database must be at rest; `flat`: memory may not grow."""
    events = list(history.events(directory))
    faults = history.faults(directory)
    verdict = Checker(fleet, events).check(history.reads(directory))
    failed = [each for each in events if isinstance(each, Failed)]
    written = [each for each in events if isinstance(each, Written)]
    posted = [each for each in events if isinstance(each, Posted)]
    sampled = [each for each in events if isinstance(each, Sizes)]
    acknowledged, stored, lost = promises.lost_positions(fleet, posted, site)
    waits = [each for each in events if isinstance(each, Waited)]
    quiet_until = began + quiet_s
    calm, troubled = promises.latencies([each for each in written if each.ended > quiet_until], faults)
    doctor, sick = _doctor(site)
    violations = [
        *verdict.violations,
        *(Violation("contradiction", "", each.what, each.at, each.at) for each in events if isinstance(each, Wrong)),
        *promises.unavailable(failed, faults, waits),
        *promises.slow(written, failed, faults, waits),
        *lost,
        *promises.lost_edits(written, promises.stored_versions(site)),
        *sick,
        *(_growing(sampled) if flat else ()),
    ]
    return Outcome(
        began=began,
        seconds=max((each.ended for each in written), default=began) - began,
        verdict=verdict,
        violations=violations,
        faults=faults,
        failed=failed,
        writes=Counter(_kind(each) for each in written),
        quiet=promises.undisturbed(written, quiet_until),
        calm=calm,
        troubled=troubled,
        acknowledged=acknowledged,
        stored=stored,
        answers=sum((Counter(each.answers) for each in events if isinstance(each, Summed)), Counter()),
        sizes=sampled,
        doctor=doctor,
        waits=waits,
    )


def _kind(written: Written) -> str:
    return "acknowledged" if written.acknowledged else "unknown or refused"


def _doctor(site: Site) -> tuple[str, list[Violation]]:
    """What `roadlens doctor` says, and a violation if read models are not what trips say."""
    try:
        return site.run("doctor").strip().splitlines()[-1], []
    except AssertionError as error:
        return "differences", [Violation("read models", "doctor", str(error), 0, 0)]


def _growing(sampled: Sequence[Sizes]) -> list[Violation]:
    found = []
    for name, values in memory.series(sampled).items():
        numbers = [size for _, size in values]
        lived = values[-1][0] - values[0][0]
        if lived > memory.TELLING_S and not memory.is_flat(numbers):
            grown = memory.growth(numbers)
            found.append(
                Violation("memory", name, f"grew from {grown and grown[0]} to {grown and grown[1]} bytes", 0, 0)
            )
    return found
