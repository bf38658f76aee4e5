"""`roadlens doctor`: looks at all that Roadlens stands on, recomputes what is derived, and says what to do."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from roadlens.cli.checks.finding import Finding
from roadlens.cli.checks.rounds import PARTS, Rounds
from roadlens.cli.counted import counted
from roadlens.settings import Settings, read_settings
from roadlens.storage.reads.read_models import Difference
from roadlens.telemetry.doctor import differences


def doctor(
    quick: Annotated[bool, typer.Option("--quick", help="Recompute nothing: seconds, however much there is.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout, for programs.")] = False,
) -> None:
    """Look at database, Redis, change feed, clocks, positions, disk and settings; recompute read models and scores.

    Each finding says what it is, why it matters and what to do. Exit 1 if there is an error or a difference, 0 with
    warnings alone. It changes nothing but a tag of its own, by which it sees that a change is heard; a schema that is
    not this release's is named, and not upgraded.

    Examples:

      roadlens doctor && echo all is well

      roadlens doctor --quick --json | jq .findings
    """
    findings, differing = asyncio.run(_look(read_settings(), quick=quick))
    errors = sum(finding.level == "error" for finding in findings)
    if as_json:
        _print_json(findings, differing, well=not errors and not differing)
    else:
        _print(findings, differing)
    raise typer.Exit(1 if errors or differing else 0)


def _print_json(findings: list[Finding], differing: list[Difference] | None, *, well: bool) -> None:
    told = {
        "well": well,
        "looked_at": list(PARTS),
        "findings": [finding.as_dict() for finding in findings],
        "differences": None if differing is None else [str(difference) for difference in differing],
    }
    print(json.dumps(told, indent=2))


def _print(findings: list[Finding], differing: list[Difference] | None) -> None:
    for line in (*findings, *(differing or ())):
        print(line)
    count = counted(len(findings), "finding") if findings else "nothing found"
    print(f"{count}: looked at {', '.join(PARTS)}")
    if differing is None:
        print("read models and scores were not recomputed")
    else:
        no = "no differences: read models and scores are what the trips say"
        print(counted(len(differing), "difference") if differing else no)


async def _look(settings: Settings, *, quick: bool) -> tuple[list[Finding], list[Difference] | None]:
    rounds = Rounds(settings)
    async with rounds.done() as wiring:
        differing = None if quick or wiring is None else await differences(wiring.database)
    return rounds.findings, differing
