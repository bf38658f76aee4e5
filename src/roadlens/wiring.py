"""Opens what a server or a command stands on, in order, and closes it in the reverse."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from roadlens.api.passwords import hash_password, matches
from roadlens.domain import Role
from roadlens.errors import SetupError
from roadlens.observability.metrics import Metrics
from roadlens.scoring import parameters
from roadlens.settings import Settings
from roadlens.storage import migrate
from roadlens.storage.change_feed.ear import Ear
from roadlens.storage.database import Database, WriteSession
from roadlens.storage.embedded.provider import open_database
from roadlens.storage.reads import users as read_users
from roadlens.storage.writes import users as write_users

# Who the audit log names for what happens at a start.
AT_START = "roadlens serve"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wiring:
    """What is open. `database_url` is for programs that open their own connection."""

    settings: Settings
    database: Database
    database_url: str
    metrics: Metrics = field(default_factory=Metrics)


@asynccontextmanager
async def open_command(settings: Settings, purpose: str) -> AsyncIterator[Wiring]:
    """Open the database for one command: the running server's, if there is one. `purpose` is the command's name.

    Raises:
        SetupError: the database cannot be opened, or cannot be upgraded.
        DatabaseUnavailable: nothing answers at DATABASE_URL.
    """
    async with _opened(settings, purpose, exclusive=False) as wiring:
        ear = Ear(wiring.database_url)
        with wiring.database.hearing(ear.acknowledgements):
            async with ear.running():
                yield wiring


@asynccontextmanager
async def open_server(settings: Settings) -> AsyncIterator[Wiring]:
    """Open the database for a server, which owns an embedded one alone, and see to it that somebody can sign in.

    Raises:
        SetupError: the database cannot be opened or upgraded, or another process has it.
        DatabaseUnavailable: nothing answers at DATABASE_URL.
    """
    async with _opened(settings, "serve", exclusive=True) as wiring:
        await _ensure_admin(wiring)
        yield wiring


def signing_secret(settings: Settings) -> bytes:
    """The secret of the environment, or the one in the data directory, which is made at the first call.

    Raises:
        SetupError: the file cannot be read or made.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    return _kept(settings.data_dir / "secret.key", secrets.token_urlsafe(48)).encode()


def admin_password_file(settings: Settings) -> Path:
    """Where a generated first password lies, for as long as it is the admin's password."""
    return settings.data_dir / "admin-password"


@asynccontextmanager
async def _opened(settings: Settings, purpose: str, *, exclusive: bool) -> AsyncIterator[Wiring]:
    address = settings.database_url.get_secret_value() if settings.database_url else None
    with open_database(settings.data_dir, purpose, exclusive=exclusive, database_url=address) as url:
        await asyncio.to_thread(migrate.upgrade, url, settings.timezone, parameters.DEFAULT.as_dict())
        database = Database.open(
            url,
            pool_size=settings.db_pool_size,
            max_connections=settings.db_max_connections,
            name=f"roadlens {purpose}",
            durable=settings.database_url is None,
        )
        try:
            yield Wiring(settings, database, url)
        finally:
            await database.close()


async def _ensure_admin(wiring: Wiring) -> None:
    """Without a password in the environment one is generated, once: for a database that has no admin yet."""
    settings = wiring.settings
    if settings.admin_password is not None:
        await _set_admin(wiring.database, settings.admin_username, settings.admin_password.get_secret_value())
        admin_password_file(settings).unlink(missing_ok=True)
        return
    async with wiring.database.read() as session:
        if await read_users.has_admin(session):
            return
    # The file comes first: a crash in between then leaves a password for the next start to use, not an unknown one.
    password = _kept(admin_password_file(settings), secrets.token_urlsafe(18))
    await _set_admin(wiring.database, settings.admin_username, password)


async def _set_admin(database: Database, username: str, password: str) -> None:
    """Make the admin, or give it this password if it has another one."""

    async def set_password(session: WriteSession) -> None:
        known = await read_users.credentials(session, username)
        if known is None:
            password_hash = hash_password(password)
            await write_users.create(session, AT_START, username=username, role=Role.ADMIN, password_hash=password_hash)
        elif not matches(password, known.password_hash):
            await write_users.change_password(
                session, AT_START, username=username, password_hash=hash_password(password)
            )
            logger.info("The password of %s is now the one in ROADLENS_ADMIN_PASSWORD", username)

    await database.retrying(set_password)


def _kept(path: Path, fresh: str) -> str:
    """The text in a file that only its owner may read; `fresh` is written to it first if there is no such file.

    The file appears whole or not at all, and of two processes that make it at once both get the same text.
    """
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
            try:
                with os.fdopen(handle, "w") as file:
                    file.write(f"{fresh}\n")
                    file.flush()
                    os.fsync(file.fileno())
                with suppress(FileExistsError):  # another process was faster: its text is the one to use
                    path.hardlink_to(draft)
            finally:
                Path(draft).unlink()
        text = path.read_text().strip()
    except OSError as error:
        raise SetupError(f"{path} cannot be read or written: {error.strerror}. Check the data directory.") from error
    if not text:
        raise SetupError(f"{path} is empty. Delete it, and a new one will be made.")
    return text
