"""Who gets the database: servers alone, commands together, and nobody is left waiting for the dead."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from roadlens.errors import RoadlensError
from roadlens.storage.embedded.errors import DataDirectoryInUse
from roadlens.storage.embedded.identity import in_namespace
from roadlens.storage.embedded.processes import serving_pid
from roadlens.storage.embedded.provider import open_database, running_url
from tests.support.embedded_database import answers, commit_row, is_postgres, opened_elsewhere, rows, server_pid, until


def test_named_database_is_taken_as_it_is(tmp_path: Path) -> None:
    with open_database(tmp_path / "untouched", "serve", database_url="postgresql://elsewhere/fleet") as url:
        assert url == "postgresql://elsewhere/fleet"
    assert not (tmp_path / "untouched").exists()


def test_second_server_is_told_who_the_first_is(data_dir: Path) -> None:
    with opened_elsewhere(data_dir, "serve", exclusive=True) as first:
        first.wait_until_open()
        expected = rf"Another Roadlens server \(pid {first.process.pid}\).*ROADLENS_DATA_DIR"
        with pytest.raises(DataDirectoryInUse, match=expected), open_database(data_dir, "serve", exclusive=True):
            pass
        assert answers(first.wait_until_open())


def test_server_is_told_which_command_has_the_database(data_dir: Path) -> None:
    with opened_elsewhere(data_dir, "import") as command:
        command.wait_until_open()
        expected = rf'"roadlens import" \(pid {command.process.pid}\)'
        with pytest.raises(DataDirectoryInUse, match=expected), open_database(data_dir, "serve", exclusive=True):
            pass


def test_command_joins_the_server_and_leaves_it_running(data_dir: Path) -> None:
    with opened_elsewhere(data_dir, "serve", exclusive=True) as server:
        url = server.wait_until_open()
        with open_database(data_dir, "import") as joined:
            assert joined == url
            commit_row(joined, "from the command")
        assert rows(url) == ["from the command"]


def test_two_commands_at_once_share_one_server(tmp_path: Path) -> None:
    with ExitStack() as commands:
        both = [commands.enter_context(opened_elsewhere(tmp_path, purpose)) for purpose in ("import", "demo")]
        first, second = (command.wait_until_open() for command in both)
        assert first == second
        commit_row(first, "seen by both")
        assert rows(second) == ["seen by both"]
        for command in both:  # whichever is the owner waits for the other
            command.leave()


def test_owning_command_waits_for_those_that_joined(data_dir: Path) -> None:
    with opened_elsewhere(data_dir, "import") as owner:
        owner.wait_until_open()
        pid = server_pid(data_dir)
        with open_database(data_dir, "demo") as url:
            owner.leave()
            commit_row(url, "the owner has nothing more to do")
            assert owner.process.poll() is None
            assert rows(url) == ["the owner has nothing more to do"]
        owner.finish()
        assert not is_postgres(pid, data_dir)


def test_command_waits_for_a_server_that_is_stopping_and_owns_then(data_dir: Path) -> None:
    with opened_elsewhere(data_dir, "serve", exclusive=True) as server:
        commit_row(server.wait_until_open(), "committed")
        server.leave()
        until(lambda: running_url(data_dir) is None, "the server began to stop")
        with open_database(data_dir, "import") as url:
            assert rows(url) == ["committed"]


def test_next_server_waits_for_one_that_is_stopping(data_dir: Path) -> None:
    with opened_elsewhere(data_dir, "serve", exclusive=True) as server:
        commit_row(server.wait_until_open(), "committed")
        server.leave()
        until(lambda: running_url(data_dir) is None, "the first server began to stop")
        with open_database(data_dir, "serve", exclusive=True) as url:
            assert rows(url) == ["committed"]


def test_address_of_the_running_database(data_dir: Path) -> None:
    assert running_url(data_dir / "absent") is None
    with opened_elsewhere(data_dir, "serve", exclusive=True) as server:
        url = server.wait_until_open()
        assert running_url(data_dir) == url
        server.kill()
        assert running_url(data_dir) is None


def test_nothing_runs_after_a_failed_start(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir(mode=0o700)
    (tmp_path / "postgres" / "PG_VERSION").write_text("12\n")
    for _ in range(2):
        with pytest.raises(RoadlensError, match="PostgreSQL 12"), open_database(tmp_path, "serve", exclusive=True):
            pass
    assert serving_pid(tmp_path / "postgres") is None


def test_as_an_ordinary_user(tmp_path: Path) -> None:
    ordinary = in_namespace() if os.geteuid() == 0 else None
    with opened_elsewhere(tmp_path, "serve", exclusive=True, identity=ordinary) as server:
        commit_row(server.wait_until_open(), "works")
        server.finish()


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A directory, with one in it, that nobody but root may change."""
    outer, inner = tmp_path / "locked", tmp_path / "locked" / "data"
    inner.mkdir(parents=True)
    for place in (inner, outer):
        place.chmod(0o500)
    yield outer
    for place in (outer, inner):
        place.chmod(0o700)


@pytest.mark.parametrize("name", ["data", "new"])
def test_ordinary_user_without_the_right_to_write(locked: Path, name: str) -> None:
    ordinary = in_namespace() if os.geteuid() == 0 else None
    with (
        opened_elsewhere(locked / name, "serve", exclusive=True, identity=ordinary) as server,
        pytest.raises(RoadlensError, match=r"cannot be used \(Permission denied.*ROADLENS_DATA_DIR"),
    ):
        server.wait_until_open()
