"""`roadlens users`: who may sign in. A password comes from a prompt or from stdin, never from the command line."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from roadlens.api import fields, new_passwords
from roadlens.api.passwords import hash_password
from roadlens.cli.operator import operator
from roadlens.domain import Role
from roadlens.errors import InvalidInput, NotFound
from roadlens.settings import Settings, read_settings
from roadlens.storage.reads import users as read_users
from roadlens.storage.writes import users
from roadlens.wiring import admin_password_file, open_command

_NAME: TypeAdapter[str] = TypeAdapter(fields.Line)
_EMAIL: TypeAdapter[str | None] = TypeAdapter(fields.Email | None)

app = typer.Typer(help="Users: make one, change a password, erase one.", no_args_is_help=True)

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
    password_hash = hash_password(new_passwords.check(_password(password_stdin), "password", name, email))
    asyncio.run(_create(settings, name, role, email, password_hash))
    print(f"{name} can sign in as {role}.")


@app.command()
def password(name: Name, password_stdin: FromStdin = False) -> None:
    """Change a user's password, which also ends the tokens given out under the old one.

    Example:

      roadlens users password admin
    """
    settings = read_settings()
    asyncio.run(_change_password(settings, name, new_passwords.check(_password(password_stdin), "password", name)))
    print(f"{name} has a new password; tokens from before are void.")
    if name.lower() == settings.admin_username.lower():
        # The generated password no longer opens anything: nobody should try it.
        admin_password_file(settings).unlink(missing_ok=True)
        if settings.admin_password is not None:
            print("The next start sets it back to ROADLENS_ADMIN_PASSWORD: change that too.", file=sys.stderr)


@app.command()
def erase(
    name: Name, yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the name again.")] = False
) -> None:
    """Erase a user for good, in the log of changes too. To keep somebody out for a while, disable the user instead.

    Example:

      roadlens users erase ada
    """
    if not yes and typer.prompt(f"This cannot be undone. Type {name} again to erase the user") != name:
        raise InvalidInput("That is not the name: nobody was erased.")
    erased_as, entries = asyncio.run(_erase(read_settings(), name))
    print(f"{name} is erased; the log keeps {entries:,} entries as {erased_as}.")


async def _erase(settings: Settings, name: str) -> tuple[str | None, int]:
    async with open_command(settings, "users erase") as wiring, wiring.database.write() as session:
        known = await read_users.credentials(session, name)
        if known is None:
            raise NotFound(f'There is no user named "{name}".')
        return await users.erase(session, operator(), known.user_id)


async def _create(settings: Settings, name: str, role: Role, email: str | None, password_hash: str) -> None:
    async with open_command(settings, "users create") as wiring, wiring.database.write() as session:
        await users.create(session, operator(), username=name, role=role, email=email, password_hash=password_hash)


async def _change_password(settings: Settings, name: str, new: str) -> None:
    async with open_command(settings, "users password") as wiring, wiring.database.write() as session:
        known = await read_users.credentials(session, name)
        if known is None:
            raise NotFound(f'There is no user named "{name}".')
        password_hash = hash_password(new_passwords.check(new, "password", known.username, known.email))
        await users.change_password(session, operator(), username=name, password_hash=password_hash)


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
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
