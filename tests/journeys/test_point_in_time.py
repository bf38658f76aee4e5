"""A copy of the files and the archived log bring the database back to the moment before a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.installation import Installation
from tests.support.standing_postgres import DATABASE, PASSWORD, StandingPostgres, running_cluster, standing_postgres
from tests.support.workers import until

pytestmark = pytest.mark.system


def test_what_came_before_the_moment_is_there_and_what_came_after_is_not(tmp_path: Path) -> None:
    archive, base = tmp_path / "primary" / "archive", tmp_path / "restored" / "cluster"
    archiving = {"archive_mode": "on", "archive_command": f"test ! -f {archive}/%f && cp %p {archive}/%f"}
    with standing_postgres(tmp_path / "primary", **archiving) as primary:
        archive.mkdir()
        create(primary, tmp_path, "before")
        primary.run("pg_basebackup", "--checkpoint=fast", f"--pgdata={base}")
        create(primary, tmp_path, "meanwhile")
        ((moment,),) = primary.execute("SELECT clock_timestamp()")
        create(primary, tmp_path, "mistake")
        ((segment,),) = primary.execute("SELECT pg_walfile_name(pg_switch_wal())")
        until((archive / str(segment)).exists)
        assert names(primary) >= {"before", "meanwhile", "mistake"}
    (base / "recovery.signal").touch()
    target = {"recovery_target_time": str(moment), "recovery_target_action": "promote"}
    with running_cluster(base, restore_command=f"cp {archive}/%f %p", **target) as restored:
        until(lambda: restored.execute("SELECT pg_is_in_recovery()") == [(False,)])
        assert names(restored) >= {"before", "meanwhile"}
        assert "mistake" not in names(restored)
        roadlens(restored, tmp_path).run("doctor")


def roadlens(postgres: StandingPostgres, tmp_path: Path) -> Installation:
    settings = {"DATABASE_URL": postgres.url, "ROADLENS_DATABASE_PASSWORD": PASSWORD}
    return Installation(tmp_path / "data", settings)


def create(postgres: StandingPostgres, tmp_path: Path, name: str) -> None:
    password = "seven otters in a boat"
    roadlens(postgres, tmp_path).run(
        "users", "create", name, "--role", "viewer", "--password-stdin", typed=f"{password}\n"
    )


def names(postgres: StandingPostgres) -> set[object]:
    return {name for (name,) in postgres.execute("SELECT username FROM users", database=DATABASE)}
