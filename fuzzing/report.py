"""What a campaign did, for people: a table with a row for each operation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzzing.campaign import Wish
from fuzzing.shares import Outcome

# What stands between these in docs/fuzzing.md is written by `make fuzz ARGS=--write`.
BEGIN: Final = "<!-- results: make fuzz ARGS=--write -->"
END: Final = "<!-- end of results -->"


@dataclass(frozen=True)
class Results:
    """A campaign that has ended, and how many seconds `processes` took for it."""

    wish: Wish
    outcome: Outcome
    processes: int
    seconds: float


def table(outcome: Outcome) -> Iterator[str]:
    """Markdown, a row for each operation."""
    yield "| operation | requests | of these with our values | of these done | answers | findings |"
    yield "| --- | ---: | ---: | ---: | --- | ---: |"
    for label, account in outcome.accounts.items():
        statuses = ", ".join(f"{status}: {count:,}" for status, count in sorted(account.statuses.items()))
        numbers = f"{account.asked:,} | {account.ours:,} | {account.done:,}"
        yield f"| `{label}` | {numbers} | {statuses} | {len(account.findings)} |"
    accounts = outcome.accounts.values()
    sums = (sum(counts) for counts in zip(*((each.asked, each.ours, each.done) for each in accounts), strict=True))
    numbers = " | ".join(f"**{number:,}**" for number in sums)
    yield f"| **{len(accounts)} operations** | {numbers} | | **{outcome.findings}** |"


def summary(results: Results) -> str:
    wish, requests = results.wish, sum(account.asked for account in results.outcome.accounts.values())
    return (
        f"{wish.examples:,} examples an operation, {wish.sequences:,} sequences, seed {wish.seed}: "
        f"{requests:,} requests by {results.processes} processes in {results.seconds / 60:.1f} minutes, "
        f"{results.outcome.findings} findings."
    )


def write(path: Path, results: Results) -> None:
    """Put the results into the page, in the place of those of another time."""
    lines = "\n".join([BEGIN, "", summary(results), "", *table(results.outcome), "", END])
    page = path.read_text()
    replaced = re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: lines, page, flags=re.DOTALL)
    path.write_text(replaced)
