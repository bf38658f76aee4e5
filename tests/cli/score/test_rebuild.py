"""The command: what it says, what it leaves in the log, and what it never loads itself."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from roadlens.cli.main import app
from roadlens.cli.score.rebuild import _left
from roadlens.rescoring.rebuild import Progress
from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.database import Database
from roadlens.telemetry.demo.fill import fill
from tests.rescoring.test_rebuild import draft

HEAVY = {"duckdb", "ibis", "pyarrow", "pyspark", "pandas", "statsmodels"}


async def test_it_says_how_far_it_is_and_what_comes_next(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(database, drivers=2, days=2, seed=1, until=datetime(2026, 3, 20, 18, 30, tzinfo=UTC))
    await draft(database, DEFAULT)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ROADLENS_DATA_DIR", str(tmp_path))
    command = [str(Path(sys.executable).with_name("roadlens")), "score", "rebuild", "2"]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "version 2 is ready: " in done.stdout
    assert "`roadlens score switch 2` makes it live" in done.stdout
    lines = done.stderr.splitlines()
    assert lines[0].endswith("positions")
    assert lines[-1].endswith("drivers")
    async with database.read() as session:
        noted = await session.tuples("SELECT action, entity_id FROM audit_log WHERE entity = 'score_version'")
        state = await session.tuples(
            "SELECT state, chunks, trips > 0, positions > 0, finished_at > started_at FROM score_rebuilds"
        )
    assert noted == [("rebuild", "2")]
    assert state == [("ready", 1, True, True, True)]


def test_a_version_that_is_not_there_is_one_line(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ROADLENS_DATA_DIR", str(tmp_path))
    result = CliRunner().invoke(app, ["score", "rebuild", "7"])
    assert result.exit_code == 1
    assert "There is no score version 7" in str(result.exception)


def test_the_time_that_is_left_follows_from_this_attempt_alone() -> None:
    assert _left(Progress("positions", 600, 1000, 400), 10.0) == ", about 20 s left"
    assert _left(Progress("positions", 600, 100_000, 0), 10.0) == ", about 27:37 min left"
    assert _left(Progress("positions", 400, 1000, 400), 10.0) == ""
    assert _left(Progress("positions", 1000, 1000, 400), 10.0) == ""


def test_no_command_and_no_server_loads_what_scores_history() -> None:
    load = "import sys, roadlens.app; from roadlens.cli.main import Commands; list(Commands().values())"
    program = f"{load}; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
