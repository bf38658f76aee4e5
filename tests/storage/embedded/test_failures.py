"""What PostgreSQL's programs really printed, and what is made of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadlens.errors import SetupError
from roadlens.storage.embedded.data_directory import DataDirectory
from roadlens.storage.embedded.errors import DataDirectoryUnusable, DiskFull, PostgresStartFailed
from roadlens.storage.embedded.failures import LAST_LINES, explain_failure, is_passing, read_log_since

INITDB_WITHOUT_ROOM = """\
initdb: error: could not write to file "/data/postgres.new/pg_wal/xlogtemp.61": No space left on device
child process exited with exit code 1
initdb: removing contents of data directory "/data/postgres.new"
"""
WITHOUT_CONTRIB = """\
2026-07-01 10:00:00.000 UTC [61]  FATAL:  could not access file "pg_stat_statements": No such file or directory
"""
WITHOUT_ACCOUNT = "initdb: error: could not look up effective user ID 4711: user does not exist\n"
WITHOUT_WAY = 'initdb: error: could not access directory "/srv/data/postgres.new": Permission denied\n'


@pytest.mark.parametrize(
    ("printed", "kind", "advice"),
    [
        (INITDB_WITHOUT_ROOM, DiskFull, "Free some space"),
        (WITHOUT_CONTRIB, PostgresStartFailed, "postgresql-contrib"),
        (WITHOUT_ACCOUNT, PostgresStartFailed, "run Roadlens as an ordinary user"),
        (WITHOUT_WAY, DataDirectoryUnusable, "every directory above it"),
        ("something else\n", PostgresStartFailed, "something else"),
        ("", PostgresStartFailed, r"\(nothing\)"),
    ],
)
def test_advice_fits_what_was_printed(tmp_path: Path, printed: str, kind: type[SetupError], advice: str) -> None:
    with pytest.raises(kind, match=advice):
        raise explain_failure("initdb", printed, DataDirectory(tmp_path))


def test_only_the_last_lines_are_quoted(tmp_path: Path) -> None:
    printed = "\n".join(f"line {number}." for number in range(100))
    message = str(explain_failure("postgres", printed, DataDirectory(tmp_path)))
    assert "line 99." in message
    assert f"line {99 - LAST_LINES}." not in message


def test_remains_of_another_server_are_worth_waiting_for() -> None:
    assert is_passing("FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use")
    assert is_passing('FATAL:  lock file "/data/.s.PGSQL.5432.lock" already exists')
    assert not is_passing(WITHOUT_CONTRIB)


def test_log_is_read_from_where_this_server_began(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    assert read_log_since(log, 0) == ""
    log.write_text("yesterday\ntoday\n")
    assert read_log_since(log, len("yesterday\n")) == "today\n"
    assert read_log_since(log, 1_000) == ""
