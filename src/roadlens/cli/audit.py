"""`roadlens audit`: whether the log of changes is what it was."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from roadlens.settings import read_settings
from roadlens.storage.sealing import Key, Verdict, seal
from roadlens.storage.sealing import verify as examine
from roadlens.wiring import open_command, previous_secret, signing_secret

app = typer.Typer(help="The log of changes: is it what it was?", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Without this, a group of one command would be that command."""


@app.command()
def verify(
    head: Annotated[
        str | None, typer.Option(help="What an earlier run printed as head: the log must still have that seal.")
    ] = None,
) -> None:
    """Seal what is not sealed yet, and look at every entry, every seal and the triggers that guard them.

    Exit 1 if anything is not as it was made. Keep the head elsewhere: whoever can write the database can cut off the
    end of the log, and only who knows the head can tell. Seals of a former secret need it in
    ROADLENS_SECRET_KEY_PREVIOUS; seals of neither are named, and are no reason for exit 1.

    Examples:

      roadlens audit verify

      roadlens audit verify --head 17:5f0c2a9d1b7e4c385f0c2a9d1b7e4c38
    """
    verdict = asyncio.run(_verify(head))
    for trouble in verdict.troubles:
        print(trouble)
    print(f"{verdict.entries:,} sealed entries, {verdict.open:,} not sealed yet")
    for first, last in verdict.unsigned:
        which = f"Seal {first:,}" if first == last else f"Seals {first:,} to {last:,}"
        print(f"{which}: of another secret. What is covered was compared, who signed it was not.")
    if verdict.unsigned:
        print("With that secret in ROADLENS_SECRET_KEY_PREVIOUS this can be checked too.")
    print(f"head {verdict.head or 'none'}")
    raise typer.Exit(1 if verdict.troubles else 0)


async def _verify(head: str | None) -> Verdict:
    settings = read_settings()
    async with open_command(settings, "audit verify") as wiring:
        key, former = Key(signing_secret(settings)), previous_secret(settings)
        await seal(wiring.database, key)
        return await examine(wiring.database, [key, *([] if former is None else [Key(former)])], head)
