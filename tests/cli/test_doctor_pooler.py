"""A pooler before PostgreSQL: in session mode all is well, in transaction mode the doctor says what is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadlens.cli.checks.rounds import Rounds
from roadlens.settings import Settings
from tests.support.pooler import running_pgbouncer

pytestmark = pytest.mark.system


async def errors(url: str, data_dir: Path) -> str:
    secret = "a secret of the tests, long enough to be one"
    told = {"DATABASE_URL": url, "ROADLENS_SECRET_KEY": secret, "ROADLENS_DATA_DIR": str(data_dir)}
    rounds = Rounds(Settings.model_validate(told))
    async with rounds.done():
        return "\n".join(finding.what for finding in rounds.findings if finding.level == "error")


async def test_transaction_mode_is_named(database_url: str, tmp_path: Path) -> None:
    async with running_pgbouncer(database_url) as url:
        found = await errors(url, tmp_path / "data")
    assert "a change was committed and not heard of" in found
    assert "a pooler stands before PostgreSQL" in found


async def test_session_mode_is_well(database_url: str, tmp_path: Path) -> None:
    async with running_pgbouncer(database_url, mode="session") as url:
        assert await errors(url, tmp_path / "data") == ""


async def test_one_that_refuses_what_roadlens_asks_for(database_url: str, tmp_path: Path) -> None:
    async with running_pgbouncer(database_url, ignored="extra_float_digits") as url:
        found = await errors(url, tmp_path / "data")
    assert "options" in found
