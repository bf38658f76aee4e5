"""`roadlens score compare`: what another version would say of everybody, before it is switched to."""

from __future__ import annotations

import asyncio
import csv
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

from roadlens.api.spreadsheet import harmless
from roadlens.cli.whole_file import whole_file
from roadlens.domain import EVENT_TYPES, RiskLevel
from roadlens.errors import InvalidInput
from roadlens.settings import read_settings
from roadlens.storage.database import ReadSession
from roadlens.storage.reads import compared_versions, score_versions
from roadlens.storage.reads.compared_versions import Compared, Driven, Mover, Side
from roadlens.storage.reads.score_versions import ScoreVersion
from roadlens.wiring import open_command

MOST_MOVERS: Final = 20

_LEVELS: Final = (*(level.value for level in RiskLevel), None)
_HEADINGS: Final = ("driver_id", "score_before", "score_after", "change", "level_before", "level_after")


class Comparison(NamedTuple):
    """Two versions, and what each says."""

    old: ScoreVersion
    new: ScoreVersion
    drivers: Compared
    up: list[Mover]
    down: list[Mover]
    driven_old: Driven
    driven_new: Driven


def compare(
    old: Annotated[int, typer.Argument(metavar="OLD", help="Mostly the active version.")],
    new: Annotated[int, typer.Argument(metavar="NEW", help="Mostly one that history has just been scored by.")],
    file: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write every driver there.")] = None,
) -> None:
    """Show two versions side by side: drivers by level, how scores move, the biggest movers and why, events by type.

    One of them may be the active one; history has to be scored by the other (`roadlens score rebuild`).

    Examples:

      roadlens score compare 1 2

      roadlens score compare 1 2 --csv drivers.csv
    """
    found = asyncio.run(_compare(old, new, file))
    _print_levels(found)
    _print_spread(found.drivers)
    _print_movers("Scores that rise most (riskier)", found.up)
    _print_movers("Scores that fall most", found.down)
    _print_driven(found)
    if file is not None:
        print(f"\nEvery driver is in {file}.")


async def _compare(old: int, new: int, file: Path | None) -> Comparison:
    if old == new:
        raise InvalidInput("Name two different versions: `roadlens score versions` lists them.", field="NEW")
    async with open_command(read_settings(), "score compare") as wiring, wiring.database.read() as session:
        found = await read(session, old, new)
        if file is not None:
            await _write(session, file, _side(found.old), _side(found.new))
        return found


async def read(session: ReadSession, old: int, new: int) -> Comparison:
    """Both versions, of one moment.

    Raises:
        NotFound: there is no such version.
        Conflict: history has not been scored by one of them to the end.
    """
    before, after = [await score_versions.scored(session, each) for each in (old, new)]
    one, other = _side(before), _side(after)
    return Comparison(
        before,
        after,
        await compared_versions.summary(session, one, other),
        await compared_versions.movers(session, one, other, MOST_MOVERS, up=True),
        await compared_versions.movers(session, one, other, MOST_MOVERS, up=False),
        await compared_versions.driven(session, one),
        await compared_versions.driven(session, other),
    )


def _side(version: ScoreVersion) -> Side:
    return Side(version.version, version.state == "active")


async def _write(session: ReadSession, file: Path, one: Side, other: Side) -> None:
    with whole_file(file) as opened:
        writer = csv.writer(opened)
        writer.writerow(_HEADINGS)
        async with aclosing(compared_versions.lines(session, one, other)) as batches:
            async for batch in batches:
                for row in batch:
                    change = None if row.before is None or row.after is None else row.after - row.before
                    scores = row.before, row.after, change, row.level_before, row.level_after
                    writer.writerow([harmless(row.driver_id), *scores])


def _print_levels(found: Comparison) -> None:
    drivers = found.drivers
    print(f"Drivers by level: version {found.old.version} down, version {found.new.version} across")
    print("\t".join(["", *(level or "none" for level in _LEVELS)]))
    for before in _LEVELS:
        row = [f"{drivers.matrix.get((before, after), 0):,}" for after in _LEVELS]
        print("\t".join([before or "none", *row]))
    moved = sum(number for (before, after), number in drivers.matrix.items() if before != after)
    print(f"{sum(drivers.matrix.values()):,} drivers, {moved:,} of them in another level")
    if drivers.drivers:
        print(f"mean score {drivers.mean_before} → {drivers.mean_after}, ", end="")
        print(f"median {drivers.median_before} → {drivers.median_after} ({drivers.drivers:,} drivers with both)")


def _print_spread(drivers: Compared) -> None:
    print("\nDrivers by change of score" if drivers.drivers else "\nNobody has a score in both")
    if drivers.unmoved:
        print(f"none\t{drivers.unmoved:,}")
    for lower, number in drivers.spread:
        print(f"{_signed(lower)} to {_signed(lower + 5)}\t{number:,}")


def _signed(points: int) -> str:
    return f"{points:+d}" if points else "0"


def _print_movers(title: str, movers: list[Mover]) -> None:
    print(f"\n{title}")
    for mover in movers:
        why = ", ".join(f"{label} {points:+.2f}" for label, points in mover.strongest())
        print(f"{mover.driver_id}\t{mover.before} → {mover.after}\t{mover.change:+}\t{why}")
    if not movers:
        print("none")


def _print_driven(found: Comparison) -> None:
    print("\nEvents that count, and trips")
    for kind in EVENT_TYPES:
        print(f"{kind.value}\t{found.driven_old.events[kind]:,} → {found.driven_new.events[kind]:,}")
    print(f"trips\t{found.driven_old.trips:,} → {found.driven_new.trips:,}")
    if found.driven_old.trips and found.driven_new.trips:
        print(f"mean trip score\t{found.driven_old.mean} → {found.driven_new.mean}")
    for version in (found.old, found.new):
        if version.state == "ready" and version.kept_trips:
            print(f"version {version.version}: {version.kept_trips:,} trips without positions keep the events they had")
