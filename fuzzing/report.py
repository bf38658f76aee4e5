"""What a campaign did, for people: a table with a row for each operation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from fuzzing.campaign import Campaign

# What stands between these in docs/fuzzing.md is written by `make fuzz ARGS=--write`.
BEGIN: Final = "<!-- results: make fuzz ARGS=--write -->"
END: Final = "<!-- end of results -->"


def table(campaign: Campaign) -> Iterator[str]:
    """Markdown, a row for each operation."""
    yield "| operation | requests | of these with our values | answers | findings |"
    yield "| --- | ---: | ---: | --- | ---: |"
    for label, account in campaign.accounts.items():
        statuses = ", ".join(f"{status}: {count:,}" for status, count in sorted(account.statuses.items()))
        yield f"| `{label}` | {account.asked:,} | {account.ours:,} | {statuses} | {len(account.findings)} |"
    accounts = campaign.accounts.values()
    asked, ours = sum(each.asked for each in accounts), sum(each.ours for each in accounts)
    yield f"| **{len(accounts)} operations** | **{asked:,}** | **{ours:,}** | | **{campaign.findings}** |"


def summary(campaign: Campaign, seconds: float) -> str:
    requests = sum(account.asked for account in campaign.accounts.values())
    return (
        f"{campaign.examples:,} examples an operation, seed {campaign.seed}: {requests:,} requests in "
        f"{seconds / 60:.1f} minutes, {campaign.findings} findings."
    )


def write(path: Path, campaign: Campaign, seconds: float) -> None:
    """Put the results into the page, in the place of those of another time."""
    results = "\n".join([BEGIN, "", summary(campaign, seconds), "", *table(campaign), "", END])
    page = path.read_text()
    replaced = re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: results, page, flags=re.DOTALL)
    path.write_text(replaced)
