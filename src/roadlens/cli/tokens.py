"""`roadlens tokens`: who may send positions over HTTP. A token is printed once and never stored."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from roadlens.api import ingest_tokens as secret_tokens
from roadlens.cli.operator import operator
from roadlens.errors import InvalidInput
from roadlens.settings import read_settings
from roadlens.storage.reads import ingest_tokens as read_tokens
from roadlens.storage.reads.ingest_tokens import TokenLine
from roadlens.storage.writes import ingest_tokens as write_tokens
from roadlens.wiring import open_command

_LONGEST_NAME = 100

app = typer.Typer(help="Ingest tokens: make one, revoke one, list them.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="What it is for, such as the server that will send with it.")]


@app.command()
def create(name: Name) -> None:
    """Make a token and print it, alone. It cannot be shown again.

    Examples:

      roadlens tokens create traccar

      TOKEN=$(roadlens tokens create "phone of Ada")
    """
    if not name.strip() or name != name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidInput(
            f"A token's name has 1 to {_LONGEST_NAME} printable characters, without a space at either end."
        )
    token = secret_tokens.issue()
    asyncio.run(_create(name, secret_tokens.digest(token)))
    print(token)


@app.command()
def revoke(name: Name) -> None:
    """End a token: from now on nobody can send with it.

    Example:

      roadlens tokens revoke traccar
    """
    asyncio.run(_revoke(name))
    print(f"{name} is revoked.")


@app.command("list")
def list_() -> None:
    """List tokens by name, with when they were made and revoked. The tokens themselves are not kept anywhere.

    Example:

      roadlens tokens list
    """
    for line in asyncio.run(_list()):
        state = f"revoked {line.revoked_at.isoformat(timespec='seconds')}" if line.revoked_at else "good"
        print(f"{line.name}\tcreated {line.created_at.isoformat(timespec='seconds')}\t{state}")


async def _create(name: str, digest: bytes) -> None:
    async with open_command(read_settings(), "tokens create") as wiring, wiring.database.write() as session:
        await write_tokens.create(session, operator(), name=name, digest=digest)


async def _revoke(name: str) -> None:
    async with open_command(read_settings(), "tokens revoke") as wiring, wiring.database.write() as session:
        await write_tokens.revoke(session, operator(), name=name)


async def _list() -> list[TokenLine]:
    async with open_command(read_settings(), "tokens list") as wiring, wiring.database.read() as session:
        return await read_tokens.list_tokens(session)
