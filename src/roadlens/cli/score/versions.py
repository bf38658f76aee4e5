"""`roadlens score versions`: which there are, and what one of them says."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from roadlens.scoring import bounds
from roadlens.scoring.drafting import differences
from roadlens.settings import read_settings
from roadlens.storage.reads import score_versions
from roadlens.storage.reads.score_versions import ScoreVersion
from roadlens.wiring import open_command


def versions(
    version: Annotated[int | None, typer.Argument(metavar="[N]", help="Show all values of this one.")] = None,
) -> None:
    """List versions of the scoring: state, note and what differs from the active one; or all values of one.

    Examples:

      roadlens score versions

      roadlens score versions 2
    """
    if version is None:
        _print_all(asyncio.run(_all()))
    else:
        _print_one(*asyncio.run(_one(version)))


def state(row: ScoreVersion) -> str:
    """Such as `rebuilding 42 %`."""
    return row.state if row.progress is None else f"{row.state} {row.progress * 100:.0f} %"


def _print_all(found: list[ScoreVersion]) -> None:
    active = next((each for each in found if each.state == "active"), None)
    for row in found:
        print("\t".join([f"{row.version}", state(row), f"{row.created_at:%Y-%m-%d}", row.note or ""]).rstrip())
        if active is not None and row is not active:
            for differing in _differing(active, row):
                print(f"\t{differing}")


def _differing(active: ScoreVersion, row: ScoreVersion) -> list[str]:
    formulas = active.parameters.get("formula"), row.parameters.get("formula")
    other = [] if formulas[0] == formulas[1] else [f"formula {formulas[0]} → {formulas[1]}"]
    return other + [each.words for each in differences(active.parameters, row.parameters)]


def _print_one(row: ScoreVersion, active: ScoreVersion) -> None:
    print(f"version {row.version}, {state(row)}, {row.parameters.get('formula')}, of {row.created_at:%Y-%m-%d}")
    if row.note:
        print(row.note)
    for name, of in bounds.table().items():
        value, now = row.parameters.get(name), active.parameters.get(name)
        beside = "" if value == now else f"\t(active: {'none' if now is None else f'{now:g}'})"
        print(f"{name}\t{'none' if value is None else f'{value:g}'} {of.unit}{beside}")
    for vehicle_class, own in sorted((row.parameters.get("classes") or {}).items()):
        for name, value in sorted(own.items()):
            print(f"{vehicle_class}.{name}\t{value:g} {bounds.table()[name].unit}")


async def _all() -> list[ScoreVersion]:
    async with open_command(read_settings(), "score versions") as wiring, wiring.database.read() as session:
        return await score_versions.all_versions(session)


async def _one(version: int) -> tuple[ScoreVersion, ScoreVersion]:
    async with open_command(read_settings(), "score versions") as wiring, wiring.database.read() as session:
        return await score_versions.with_active(session, version)
