"""`roadlens score draft`: another version of the scoring, which scores nothing yet."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from roadlens.cli.operator import operator
from roadlens.domain import EVENT_TYPES
from roadlens.errors import InvalidInput
from roadlens.scoring import bounds, drafting
from roadlens.scoring.drafting import Change
from roadlens.settings import read_settings
from roadlens.storage.database import Database, WriteSession
from roadlens.storage.reads import score_versions as read
from roadlens.storage.writes import score_versions as write
from roadlens.wiring import open_command

_LONGEST_NOTE = 1000


def draft(
    changes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME=VALUE…]", help="Values; CLASS.NAME=VALUE for vehicles of a class, - takes it away."
        ),
    ] = None,
    base: Annotated[
        int | None, typer.Option("--from", metavar="N", help="The version to begin with; without it, the active one.")
    ] = None,
    portfolio: Annotated[
        bool, typer.Option("--portfolio", help="Take the means (prior_…) from what this portfolio has driven.")
    ] = False,
    note: Annotated[str | None, typer.Option(help="What it is for.")] = None,
) -> None:
    """Draft another version: it scores nothing until history has been scored by it and it is switched to.

    Examples:

      roadlens score draft gps_braking_ms2=2.6 truck.gps_braking_ms2=2.0 --note "Lorries brake less hard"

      roadlens score draft risk_night_share=0 risk_phone_use=26

      roadlens score draft --portfolio
    """
    if note is not None and (not note.strip() or len(note) > _LONGEST_NOTE or not note.isprintable()):
        raise InvalidInput(f"A note is one line of 1 to {_LONGEST_NOTE} printable characters.", field="note")
    version, told = asyncio.run(_draft(drafting.parse(changes or []), base, portfolio, note))
    for line in told:
        print(line)
    print(f"version {version} is a draft: score history by it with `roadlens score rebuild {version}`")


def of_portfolio(sums: Mapping[str, int]) -> list[Change]:
    """The means of a portfolio, in four digits; what never happened is as rare as a mean may be.

    Args:
        sums: metres driven as `distance_m`, events by type, metres above the limit and at night.
    """
    kilometres = sums["distance_m"] / 1000
    means = {kind.value: sums[kind] * 100 / kilometres for kind in EVENT_TYPES}
    means |= {name: sums[name] / sums["distance_m"] for name in ("speeding_share", "night_share")}
    rows = bounds.table()
    return [
        Change(None, f"prior_{name}", max(rows[f"prior_{name}"].least, float(f"{mean:.4g}")))
        for name, mean in means.items()
    ]


async def _draft(
    changes: Sequence[Change], base: int | None, portfolio: bool, note: str | None
) -> tuple[int, list[str]]:
    async with open_command(read_settings(), "score draft") as wiring:
        return await drafted(wiring.database, changes, base, portfolio, note)


async def drafted(
    database: Database, changes: Sequence[Change], base: int | None, portfolio: bool, note: str | None
) -> tuple[int, list[str]]:
    """Keep the draft; its number, and in words what differs from the active version."""

    async def run(session: WriteSession) -> tuple[int, list[str]]:
        active = next(each for each in await read.all_versions(session) if each.state == "active")
        start = active if base is None else (await read.with_active(session, base))[0]
        begun = drafting.starting_from(start.parameters)
        means = await _means(session) if portfolio else []
        made = drafting.changed(begun, [*means, *changes], start.parameters)
        told = [each.words for each in drafting.differences(start.parameters, made)]
        noted: dict[str, Any] = {"from": start.version, "differs": told, "note": note}
        return await write.draft(session, operator(), made, note, noted), told

    return await database.retrying(run)


async def _means(session: WriteSession) -> list[Change]:
    sums = await read.portfolio(session)
    if sums is None:
        raise InvalidInput("Nobody has driven yet: there are no means to take.", field="portfolio")
    return of_portfolio(sums)
