"""What a start opens and makes: the schema, the secret, and somebody who can sign in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from roadlens.api.passwords import hash_password, matches
from roadlens.domain import Role
from roadlens.errors import DatabaseUnavailable, SetupError
from roadlens.settings import Settings
from roadlens.storage.reads.users import Credentials, credentials
from roadlens.storage.writes import users
from roadlens.wiring import admin_password_file, open_command, open_server, signing_secret
from tests.support.postgres import EMPTY, Server


@pytest.fixture
def environment(postgres: Server, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Of an installation whose database has no tables yet."""
    with postgres.copy_of(EMPTY) as url:
        yield {"DATABASE_URL": url, "ROADLENS_DATA_DIR": str(tmp_path / "data")}


async def start(environment: dict[str, str], username: str = "admin") -> Credentials | None:
    """Start and stop a server; what somebody could then sign in with."""
    async with open_server(Settings.model_validate(environment)) as wiring, wiring.database.read() as session:
        return await credentials(session, username)


async def test_the_first_password_is_generated_once(environment: dict[str, str]) -> None:
    first = await start(environment)
    file = admin_password_file(Settings.model_validate(environment))
    password = file.read_text().strip()
    assert first is not None
    assert matches(password, first.password_hash)
    assert len(password) >= 20
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert await start(environment) == first
    assert file.read_text().strip() == password


async def test_the_environments_password_rules_and_voids_tokens_when_it_changes(environment: dict[str, str]) -> None:
    generated = await start(environment)
    assert generated is not None
    chosen = {**environment, "ROADLENS_ADMIN_PASSWORD": "correct horse"}
    changed = await start(chosen)
    assert changed is not None
    assert matches("correct horse", changed.password_hash)
    assert changed.token_epoch == generated.token_epoch + 1
    assert not admin_password_file(Settings.model_validate(environment)).exists()
    assert await start(chosen) == changed
    assert await start(environment) == changed
    async with open_command(Settings.model_validate(environment), "test") as wiring, wiring.database.read() as session:
        log = await session.tuples("SELECT actor, action, entity FROM audit_log ORDER BY audit_id")
    assert log == [("roadlens serve", "create", "user"), ("roadlens serve", "password", "user")]


async def test_a_password_that_is_too_easy_may_stay_but_not_come_anew(environment: dict[str, str]) -> None:
    for easy, said in (("hunter22", "Is too short"), ("passwordpassword", "known to those who guess")):
        with pytest.raises(SetupError, match=f"ROADLENS_ADMIN_PASSWORD is not acceptable.*{said}"):
            await start({**environment, "ROADLENS_ADMIN_PASSWORD": easy})
    old = Settings.model_validate(environment)
    async with open_command(old, "test") as wiring, wiring.database.write() as session:
        password_hash = hash_password("hunter22")
        await users.create(session, "test", username="admin", role=Role.ADMIN, password_hash=password_hash)
    kept = await start({**environment, "ROADLENS_ADMIN_PASSWORD": "hunter22"})
    assert kept is not None
    assert kept.token_epoch == 0


async def test_another_name(environment: dict[str, str]) -> None:
    boss = await start({**environment, "ROADLENS_ADMIN_USERNAME": "boss"}, "boss")
    assert boss is not None
    assert await start(environment, "admin") is None, "there is an admin already"


async def test_a_command_makes_nobody(environment: dict[str, str]) -> None:
    async with open_command(Settings.model_validate(environment), "test") as wiring, wiring.database.read() as session:
        assert await session.value("SELECT count(*) FROM users") == 0
        assert await session.value("SELECT sum(drivers) FROM fleet_totals") == 0


async def test_days_cannot_move(environment: dict[str, str]) -> None:
    await start(environment)
    with pytest.raises(SetupError, match="ROADLENS_TIMEZONE=UTC"):
        await start({**environment, "TIMEZONE": "Asia/Tokyo"})


async def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
        await start({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing", "ROADLENS_DATA_DIR": str(tmp_path)})
    with pytest.raises(SetupError, match="must look like postgresql://"):
        await start({"DATABASE_URL": "mysql://root@db/roadlens", "ROADLENS_DATA_DIR": str(tmp_path)})


def test_the_secret_is_the_environments_or_made_once(tmp_path: Path) -> None:
    kept = Settings.model_validate({"ROADLENS_DATA_DIR": tmp_path / "new"})
    secret = signing_secret(kept)
    assert len(secret) >= 32
    assert signing_secret(kept) == secret
    assert (kept.data_dir / "secret.key").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in kept.data_dir.iterdir()] == ["secret.key"]
    assert signing_secret(kept.model_copy(update={"data_dir": tmp_path / "other"})) != secret
    assert signing_secret(Settings.model_validate({"ROADLENS_SECRET_KEY": "s" * 32})) == b"s" * 32


def test_a_secret_that_cannot_be_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match=r"secret\.key cannot be read or written"):
        signing_secret(Settings.model_validate({"ROADLENS_DATA_DIR": tmp_path / "file"}))
    (tmp_path / "secret.key").write_text("\n")
    with pytest.raises(SetupError, match="is empty"):
        signing_secret(Settings.model_validate({"ROADLENS_DATA_DIR": tmp_path}))
