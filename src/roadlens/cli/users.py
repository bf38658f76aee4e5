"""`roadlens users`: who may sign in. A password comes from a prompt or from stdin, never from the command line."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from roadlens.api import fields
from roadlens.api.passwords import hash_password
from roadlens.domain import SHORTEST_PASSWORD, Role
from roadlens.errors import InvalidInput
from roadlens.settings import Settings, read_settings
from roadlens.storage.writes import users
from roadlens.wiring import admin_password_file, open_command

# Who the audit log names.
_ACTOR = "command line"

_NAME: TypeAdapter[str] = TypeAdapter(fields.Line)
_EMAIL: TypeAdapter[str | None] = TypeAdapter(fields.Email | None)

app = typer.Typer(help="Users: make one, change a password.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The name to sign in with; its case does not matter.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")]


@app.command()
def create(
    name: Name,
    role: Annotated[Role, typer.Option(help="An admin may change everything, a viewer may look at it.")],
    email: Annotated[str | None, typer.Option(help="E-mail address.")] = None,
    password_stdin: FromStdin = False,
) -> None:
    """Make a user.

    Examples:

      roadlens users create ada --role viewer --email ada@example.com

      pass show roadlens/ada | roadlens users create ada --role admin --password-stdin
    """
    settings = read_settings()
    name, email = _checked(name, email)
    password_hash = hash_password(_password(password_stdin))
    asyncio.run(_create(settings, name, role, email, password_hash))
    print(f"{name} can sign in as {role}.")


@app.command()
def password(name: Name, password_stdin: FromStdin = False) -> None:
    """Change a user's password, which also ends the tokens given out under the old one.

    Example:

      roadlens users password admin
    """
    settings = read_settings()
    password_hash = hash_password(_password(password_stdin))
    asyncio.run(_change_password(settings, name, password_hash))
    print(f"{name} has a new password; tokens from before are void.")
    if name.lower() == settings.admin_username.lower():
        # The generated password no longer opens anything: nobody should try it.
        admin_password_file(settings).unlink(missing_ok=True)
        if settings.admin_password is not None:
            print("The next start sets it back to ROADLENS_ADMIN_PASSWORD: change that too.", file=sys.stderr)


async def _create(settings: Settings, name: str, role: Role, email: str | None, password_hash: str) -> None:
    async with open_command(settings, "users create") as wiring, wiring.database.write() as session:
        await users.create(session, _ACTOR, username=name, role=role, email=email, password_hash=password_hash)


async def _change_password(settings: Settings, name: str, password_hash: str) -> None:
    async with open_command(settings, "users password") as wiring, wiring.database.write() as session:
        await users.change_password(session, _ACTOR, username=name, password_hash=password_hash)


def _checked(name: str, email: str | None) -> tuple[str, str | None]:
    """Name and address by the rules of the API."""
    if not name.strip() or name != name.strip():
        raise InvalidInput("A user's name must not be empty, nor begin or end with a space.")
    try:
        return _NAME.validate_python(name), _EMAIL.validate_python(email)
    except ValidationError as error:
        raise InvalidInput(f"{name}, {email}: {error.errors()[0]['msg']}") from error


def _password(from_stdin: bool) -> str:
    if from_stdin:
        found = sys.stdin.readline().rstrip("\r\n")
    else:
        found = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    if len(found) < SHORTEST_PASSWORD:
        raise InvalidInput(f"The password must have at least {SHORTEST_PASSWORD} characters.")
    return found
