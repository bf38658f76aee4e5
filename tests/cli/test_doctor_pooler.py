"""A pooler before PostgreSQL: in session mode all is well, in transaction mode the doctor says what is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from roadlens.cli.checks.rounds import Rounds
from roadlens.settings import Settings
from tests.support.installation import Installation
from tests.support.pgbouncer import running_pgbouncer
from tests.support.standing_postgres import PASSWORD, StandingPostgres, standing_postgres

pytestmark = pytest.mark.system

OPTIONS = "ignore_startup_parameters"


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandingPostgres]:
    directory = tmp_path_factory.mktemp("pooled")
    with standing_postgres(directory / "postgres") as server:
        settings = {"DATABASE_URL": server.url, "ROADLENS_DATABASE_PASSWORD": PASSWORD}
        Installation(directory / "data", settings).run("db", "upgrade")
        yield server


async def errors(postgres: StandingPostgres, directory: Path, **pooler: str) -> str:
    """What the doctor says of the database behind a pooler with these settings."""
    with running_pgbouncer(directory / "pgbouncer", postgres, **pooler) as url:
        secrets = {"ROADLENS_SECRET_KEY": "a secret of the tests, long enough to be one"}
        secrets["ROADLENS_DATABASE_PASSWORD"] = PASSWORD
        told = {"DATABASE_URL": url, "ROADLENS_DATA_DIR": str(directory / "data"), **secrets}
        rounds = Rounds(Settings.model_validate(told))
        async with rounds.done():
            return "\n".join(finding.what for finding in rounds.findings if finding.level == "error")


async def test_transaction_mode_is_named(migrated: StandingPostgres, tmp_path: Path) -> None:
    found = await errors(migrated, tmp_path, **{OPTIONS: "options"})
    assert "a change was committed and not heard of" in found
    assert "a pooler stands before PostgreSQL" in found


async def test_session_mode_is_well(migrated: StandingPostgres, tmp_path: Path) -> None:
    assert await errors(migrated, tmp_path, pool_mode="session", **{OPTIONS: "options"}) == ""


async def test_one_that_refuses_what_roadlens_asks_for(migrated: StandingPostgres, tmp_path: Path) -> None:
    assert "options" in await errors(migrated, tmp_path)
