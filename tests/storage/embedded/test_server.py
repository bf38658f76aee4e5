"""The embedded server through the worst: killed, restarted, on foreign files, without room."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from roadlens.storage.embedded.errors import DataDirectoryVersion, DiskFull, PostgresStartFailed
from roadlens.storage.embedded.identity import Identity, as_caller, as_nobody, in_namespace
from roadlens.storage.embedded.server import LONGEST_LOG_BYTES, EmbeddedPostgres
from tests.support.embedded_database import answers, commit_row, is_postgres, opened_elsewhere, rows, server_pid, until

# Root can have the database run as each of these; everybody else only as themselves.
IDENTITIES = (in_namespace(), as_nobody()) if os.geteuid() == 0 else (as_caller(),)


@contextmanager
def running(data_dir: Path, identity: Identity | None = None) -> Iterator[tuple[EmbeddedPostgres, str]]:
    server = EmbeddedPostgres(data_dir, identity=identity)
    try:
        yield server, server.start()
    finally:
        server.stop()


@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda identity: identity.word)
def test_starts_stops_and_starts_again(tmp_path: Path, identity: Identity) -> None:
    with running(tmp_path, identity) as (server, url):
        commit_row(url, "kept")
        pid = server.pid
        assert pid == server_pid(tmp_path)
    assert not is_postgres(pid, tmp_path)
    with running(tmp_path, identity) as (_, url):
        assert rows(url) == ["kept"]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_secret_of_ours_is_in_its_environment(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may read files in the database, or runs as the same account, could look there."""
    for name in ("ROADLENS_SECRET_KEY", "REDIS_PASSWORD", "PGPASSWORD", "OTEL_EXPORTER_OTLP_HEADERS"):
        monkeypatch.setenv(name, "the secret")
    with running(data_dir) as (server, url):
        commit_row(url, "kept")
        environment = Path(f"/proc/{server.pid}/environ").read_bytes()
    assert b"LC_ALL=C" in environment
    assert b"the secret" not in environment


def test_the_way_it_runs_as_may_change(data_dir: Path) -> None:
    for number, identity in enumerate((*IDENTITIES, IDENTITIES[0])):
        with running(data_dir, identity) as (_, url):
            commit_row(url, str(number))
            assert len(rows(url)) == number + 1


def test_is_durable_private_and_speaks_every_alphabet(tmp_path: Path) -> None:
    with running(tmp_path / "data") as (_, url), psycopg.connect(url) as connection:

        def setting(name: str) -> str:
            row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            assert row is not None
            return str(row[0])

        assert [setting(name) for name in ("fsync", "synchronous_commit", "full_page_writes")] == ["on", "on", "on"]
        assert setting("listen_addresses") == ""
        assert setting("TimeZone") == "UTC"
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute("CREATE EXTENSION pg_stat_statements")
        trigrams = connection.execute("SELECT cardinality(show_trgm('Мария'))").fetchone()
        assert trigrams is not None
        assert trigrams[0] > 0
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "data" / ".s.PGSQL.5432").stat().st_mode) == 0o700


def test_killed_owner_takes_the_server_along_and_loses_no_row(data_dir: Path) -> None:
    with opened_elsewhere(data_dir, "serve", exclusive=True) as owner:
        url = owner.wait_until_open()
        commit_row(url, "committed")
        pid = server_pid(data_dir)
        with closing(psycopg.connect(url)) as undecided:
            undecided.execute("INSERT INTO diary VALUES ('never committed')")
            owner.kill()
            until(lambda: not is_postgres(pid, data_dir), "the server followed its owner")
    with running(data_dir) as (_, url):
        assert rows(url) == ["committed"]


def test_start_right_after_the_owner_was_killed(data_dir: Path) -> None:
    with opened_elsewhere(data_dir, "serve", exclusive=True) as owner:
        commit_row(owner.wait_until_open(), "committed")
        owner.kill()
        with running(data_dir) as (_, url):
            assert rows(url) == ["committed"]


def test_killed_server_comes_back_with_every_committed_row(data_dir: Path) -> None:
    with running(data_dir) as (server, url):
        commit_row(url, "committed")
        first = server_pid(data_dir)
        os.kill(first, signal.SIGKILL)
        until(lambda: server.pid not in (None, first) and answers(url), "the server came back")
        assert rows(url) == ["committed"]


def test_killed_server_comes_back_although_a_query_goes_on(data_dir: Path) -> None:
    with running(data_dir) as (server, url):
        commit_row(url, "committed")
        busy = psycopg.connect(url)
        thread = threading.Thread(target=loop_for_ever, args=(busy,))
        thread.start()
        until(lambda: "LOOP PERFORM" in running_queries(url), "the query ran")
        first = server_pid(data_dir)
        os.kill(first, signal.SIGKILL)
        until(lambda: server.pid not in (None, first) and answers(url), "the server came back")
        thread.join()
        assert rows(url) == ["committed"]


def loop_for_ever(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    with suppress(psycopg.OperationalError), connection:
        connection.execute("DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$")


def running_queries(url: str) -> str:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT query FROM pg_stat_activity WHERE pid <> pg_backend_pid()").fetchall()
    return "\n".join(query for (query,) in found)


def test_both_killed_at_once(data_dir: Path) -> None:
    with opened_elsewhere(data_dir, "serve", exclusive=True) as owner:
        commit_row(owner.wait_until_open(), "committed")
        os.kill(server_pid(data_dir), signal.SIGKILL)
        owner.kill()
    with running(data_dir) as (_, url):
        assert rows(url) == ["committed"]


def test_stale_process_id_of_another_program(data_dir: Path) -> None:
    with running(data_dir) as (_, url):
        commit_row(url, "committed")
        note = (data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        for lock in (data_dir / "postgres" / "postmaster.pid", data_dir / ".s.PGSQL.5432.lock"):
            lock.write_text("\n".join([str(stranger.pid), *note[1:]]) + "\n")
        with running(data_dir) as (_, url):
            assert rows(url) == ["committed"]
        assert stranger.poll() is None


def test_remains_of_an_interrupted_initialisation(tmp_path: Path) -> None:
    remains = tmp_path / "postgres.new.interrupted"
    (remains / "base").mkdir(parents=True)
    (remains / "PG_VERSION").write_text("17\n")
    with running(tmp_path) as (_, url):
        assert answers(url)
    assert not remains.exists()


def test_owner_killed_while_initialising(tmp_path: Path) -> None:
    with opened_elsewhere(tmp_path, "serve", exclusive=True) as owner:
        until(lambda: any(tmp_path.glob("postgres.new.*/global")), "the initialisation was under way")
        owner.kill()
    assert not (tmp_path / "postgres").exists()
    with running(tmp_path) as (_, url):
        commit_row(url, "works")


def test_cluster_of_another_major_version(data_dir: Path) -> None:
    (data_dir / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(DataDirectoryVersion, match=r"made by PostgreSQL 12.*this is PostgreSQL 1\d\.\d+.*pg_dump"):
        EmbeddedPostgres(data_dir).start()


def test_no_room_to_start(data_dir: Path) -> None:
    with running(data_dir) as (_, url):
        commit_row(url, "committed")
    options = data_dir / "postgres" / "postmaster.opts"  # PostgreSQL writes it at each start
    options.unlink()
    options.symlink_to("/dev/full")
    with pytest.raises(DiskFull, match=r"disk of .* is full: \d+ MB are free.* Free some space"):
        EmbeddedPostgres(data_dir).start()
    options.unlink()
    with running(data_dir) as (_, url):
        assert rows(url) == ["committed"]


def test_other_failures_end_in_the_last_lines_of_the_log(data_dir: Path) -> None:
    (data_dir / "postgres" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(PostgresStartFailed, match=r"no_such_setting"):
        EmbeddedPostgres(data_dir).start()


def test_path_too_long_for_a_socket(data_dir: Path) -> None:
    with running(data_dir.rename(data_dir.with_name("long " * 20))) as (_, url):
        commit_row(url, "committed")
        socket = Path(str(conninfo_to_dict(url)["host"]))
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert not socket.exists()


def test_spaces_and_other_letters_in_the_path(data_dir: Path) -> None:
    with running(data_dir.rename(data_dir.with_name("Meine Fahrten & 100% Straße"))) as (_, url):
        assert answers(url)


def test_log_is_bounded(data_dir: Path) -> None:
    (data_dir / "postgres.log").write_bytes(b"old\n" * (LONGEST_LOG_BYTES // 4 + 1))
    with running(data_dir):
        assert (data_dir / "postgres.log").stat().st_size < 100_000
        assert (data_dir / "postgres.log.1").stat().st_size > LONGEST_LOG_BYTES
