"""The doctor finds nothing where all is well, and names what was broken, with what to do; programs read it as JSON."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from roadlens.cli.checks.finding import Finding
from roadlens.cli.checks.rounds import Rounds
from roadlens.settings import Settings
from tests.support.installation import Installation
from tests.support.postgres import EMPTY, TEMPLATE, Server

# The tests' PostgreSQL does not wait for the disk, and says so.
ALWAYS = {"fsync is off"}
# A machine that does much else hears late, and the doctor says so.
LATE = "a change was heard after "


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Installation:
    secret = {"ROADLENS_SECRET_KEY": "a secret of the tests, long enough to be one"}
    return Installation(tmp_path / "data", {"DATABASE_URL": database_url, **secret})


def told(installation: Installation, *options: str, fails: bool = False) -> dict[str, Any]:
    """What the command prints for programs."""
    printed = installation.run("doctor", "--json", *options, fails=fails)
    return dict(json.loads(printed[printed.index("{") :]))


async def found(installation: Installation, *, fails: bool = False) -> dict[str, Finding]:
    """What a quick look finds beside what it always does, by what was found. It looks from this process."""
    rounds = Rounds(Settings.model_validate({"ROADLENS_DATA_DIR": str(installation.data_dir), **installation.settings}))
    async with rounds.done():
        findings = rounds.findings
    assert all(finding.why and finding.do for finding in findings)
    assert any(finding.level == "error" for finding in findings) == fails, findings
    return {what: finding for finding in findings if (what := finding.what) not in ALWAYS and not what.startswith(LATE)}


def test_nothing_where_all_is_well(installation: Installation) -> None:
    all_is_well = told(installation)
    assert (all_is_well["well"], all_is_well["differences"]) == (True, [])
    assert {what for finding in all_is_well["findings"] if not (what := finding["what"]).startswith(LATE)} == ALWAYS
    assert set(all_is_well["findings"][0]) == {"check", "level", "what", "why", "do"}
    assert "feed" in all_is_well["looked_at"]
    said = installation.run("doctor", "--quick")
    assert "warning: database: fsync is off\n  why: " in said
    assert "were not recomputed" in said


def test_a_difference_fails(installation: Installation) -> None:
    with psycopg.connect(installation.settings["DATABASE_URL"]) as connection:
        connection.execute("UPDATE fleet_totals SET trips = trips + 1 WHERE shard = 1")
    sick = told(installation, fails=True)
    assert not sick["well"]
    assert len(sick["differences"]) == 1
    assert "1 difference\n" in installation.run("doctor", fails=True)


BROKEN = {
    "isolation": (
        "ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'",
        "default_transaction_isolation is serializable",
        False,
    ),
    "read-only": (
        "ALTER DATABASE {name} SET default_transaction_read_only = on",
        "default_transaction_read_only",
        True,
    ),
    "commits": ("ALTER DATABASE {name} SET synchronous_commit = off", "synchronous_commit is off", False),
    "extension": ("DROP EXTENSION pg_trgm CASCADE", "without the extension pg_trgm", True),
    "schema": ("UPDATE alembic_version SET version_num = '0001'", "the schema is 0001, this release's is", True),
    "newer": ("UPDATE alembic_version SET version_num = '9999'", "the schema is 9999, this release's is", True),
    "trigger": ("ALTER TABLE users DISABLE TRIGGER note_updated", "triggers users note_updated: enabled is D", True),
    "feed": ("ALTER TABLE cache_note DISABLE TRIGGER bump", "a change was committed and not heard of", True),
    "default partition": (
        "CREATE TABLE positions_rest PARTITION OF positions DEFAULT",
        "positions_rest takes positions of every month",
        True,
    ),
    "future": (
        "CREATE TABLE positions_2999 PARTITION OF positions FOR VALUES FROM ('2999-01-01') TO ('2999-02-01')",
        "there are positions of 2999-01",
        False,
    ),
    "too old": (
        "CREATE TABLE positions_1999 PARTITION OF positions FOR VALUES FROM ('1999-01-01') TO ('1999-02-01');"
        "UPDATE installation SET positions_from = '2020-01-01'",
        "there are partitions from before 2020-01-01",
        True,
    ),
    "time zone": ("UPDATE installation SET timezone = 'Europe/Berlin'", "counts its days in Europe/Berlin", True),
    "lease": (
        "INSERT INTO cache_worker (worker_id, host, pid, renewed_at)"
        " VALUES (gen_random_uuid(), 'gone', 7, now() - interval '1 hour')",
        "a worker (gone, process 7) has been silent for 36",
        False,
    ),
    "audit": (
        "INSERT INTO cache_worker (worker_id, host, pid, counts)"
        """ VALUES (gen_random_uuid(), 'wrong', 7, '{{"audit": {{"stale": 2}}}}')""",
        "a worker (wrong, process 7) has found 2 answers stale",
        True,
    ),
    "clock": (
        "CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE"
        " AS $$ SELECT pg_catalog.clock_timestamp() + interval '1 hour' $$;"
        "ALTER DATABASE {name} SET search_path = public, pg_catalog",
        "the clock of PostgreSQL is 3",
        True,
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
async def test_what_is_broken_is_named(installation: Installation, broken: str) -> None:
    statement, what, fails = BROKEN[broken]
    url = installation.settings["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.format(name=make_url(url).database).encode())
    findings = await found(installation, fails=fails)
    assert any(what in finding for finding in findings), findings


async def test_settings_that_do_not_fit(installation: Installation) -> None:
    installation.settings |= {
        "ROADLENS_WORKERS": "64",
        "ROADLENS_DB_POOL_SIZE": "20",
        "ROADLENS_DB_MAX_CONNECTIONS": "10",
        "REDIS_PASSWORD": "nobody asks for it",
        "ROADLENS_REDIS_CA_FILE": "/nowhere",
    }
    installation.settings["ROADLENS_POSITION_RETENTION_DAYS"] = "31"
    with psycopg.connect(installation.settings["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE positions_old PARTITION OF positions FOR VALUES FROM ('1999-01-01') TO ('1999-02-01')"
        )
    findings = "\n".join(await found(installation))
    for what in (
        "ROADLENS_WORKERS is 64, and there are",
        "ROADLENS_DB_MAX_CONNECTIONS is 10 for 64 workers",
        "ROADLENS_DB_POOL_SIZE (20) is above",
        "REDIS_PASSWORD is set and REDIS_HOST is not",
        "ROADLENS_REDIS_CA_FILE is set and ROADLENS_REDIS_TLS is not",
        "Roadlens may want 131 connections",
        "1 months of positions are older than ROADLENS_POSITION_RETENTION_DAYS (31)",
    ):
        assert what in findings


async def test_a_secret_that_others_may_read(installation: Installation) -> None:
    installation.data_dir.mkdir()
    secret = installation.data_dir / "secret.key"
    secret.write_text("anybody may read this, and it is long enough")
    secret.chmod(0o644)
    assert f"others than its owner may read {secret}" in await found(installation, fails=True)
    secret.chmod(0o600)
    assert await found(installation) == {}


async def test_a_database_that_is_away(installation: Installation) -> None:
    installation.settings["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/nowhere"
    (what,) = await found(installation, fails=True)
    assert what.startswith("it could not be looked at: ")
    assert told(installation, fails=True)["differences"] is None


async def test_a_database_without_tables(postgres: Server, installation: Installation) -> None:
    with postgres.copy_of(EMPTY) as url:
        installation.settings["DATABASE_URL"] = url
        findings = await found(installation, fails=True)
        assert "there are no tables of Roadlens" in findings
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,)


@pytest.fixture
def other_role(postgres: Server) -> Iterator[str]:
    name = f"roadlens_{uuid.uuid4().hex[:8]}"
    postgres.execute(sql.SQL("CREATE ROLE {} LOGIN CONNECTION LIMIT 20").format(sql.Identifier(name)))
    try:
        yield name
    finally:
        postgres.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


async def test_a_role_with_few_rights(postgres: Server, installation: Installation, other_role: str) -> None:
    with postgres.copy_of(TEMPLATE) as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {other_role}".encode())
        connection.execute(f"GRANT ALL ON drivers TO {other_role}".encode())
        installation.settings["DATABASE_URL"] = (
            make_url(url).set(username=other_role).render_as_string(hide_password=False)
        )
        findings = "\n".join(await found(installation, fails=True))
        connection.execute(f"DROP OWNED BY {other_role}".encode())
    assert f"{other_role} may not read and write audit_log, audit_seals, cache_note" in findings
    assert "drivers" not in findings
    assert f"{other_role} may not call roadlens_audit_final_id(), roadlens_audit_forget(" in findings
    assert "roadlens_make_month(date), roadlens_raise_tags(text[])" in findings
    assert "Roadlens may want 54 connections; 20 may be open" in findings
