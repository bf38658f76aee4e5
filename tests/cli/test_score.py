"""Versions of the scoring on the terminal: drafted, listed, compared, switched to, forgotten."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from roadlens.cli.main import app
from roadlens.cli.operator import operator
from roadlens.errors import Conflict, InvalidInput, NotFound
from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.database import Database
from tests.support import fleet
from tests.support.installation import Installation
from tests.support.score_versions import rebuild
from tests.telemetry.test_switching import DEVICES, PEOPLE, day_of


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Installation:
    return Installation(tmp_path, {"DATABASE_URL": database_url})


def score(installation: Installation, *arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, ["score", *arguments], env=installation.environment, input=typed)


def rows(installation: Installation, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(installation.settings["DATABASE_URL"]) as connection:
        return connection.execute(statement.encode()).fetchall()


def prepared(installation: Installation, *, rebuilt: int | None = None) -> None:
    """Two drivers who have driven; all of it scored by a version beside, if one is named."""

    async def prepare() -> None:
        database = Database.open(installation.settings["DATABASE_URL"], durable=True)
        if rebuilt is not None:
            await rebuild(database, rebuilt)
        else:
            ingest = await fleet.open_ingest(database)
            await fleet.make_people(database, PEOPLE)
            await fleet.make_devices(database, DEVICES)
            for number, device in enumerate(DEVICES[:2]):
                await ingest.assign(device, PEOPLE[number], "VEH-1", actor="test")
                for day in range(3):
                    await fleet.deliver(ingest, device, day_of(number, day))
        await database.close()

    asyncio.run(prepare())


def test_a_draft_is_kept_and_listed(installation: Installation) -> None:
    made = score(installation, "draft", "gps_confidence=0.5", "lorry.gps_braking_ms2=1.8", "--note", "Lorries")
    assert (made.exit_code, made.stdout.splitlines()[-1]) == (
        0,
        "version 2 is a draft: score history by it with `roadlens score rebuild 2`",
    )
    listed = score(installation, "versions").stdout.splitlines()
    assert listed[0].startswith("1\tactive\t20")
    assert listed[1].startswith("2\tdraft\t20")
    assert listed[1].endswith("\tLorries")
    changed = [f"gps_confidence {DEFAULT.gps_confidence:g} → 0.5", "lorry.gps_braking_ms2 none → 1.8"]
    assert listed[2:] == [f"\t{each}" for each in changed]
    shown = score(installation, "versions", "2").stdout
    assert f"gps_confidence\t0.5 0-1\t(active: {DEFAULT.gps_confidence:g})" in shown
    assert "lorry.gps_braking_ms2\t1.8 m/s²" in shown
    noted = rows(installation, "SELECT actor, action, entity, entity_id, after FROM audit_log ORDER BY audit_id DESC")
    assert noted[0] == (
        operator().name,
        "draft",
        "score_version",
        "2",
        {"from": 1, "differs": changed, "note": "Lorries"},
    )
    again = score(installation, "draft", "--from", "2", "lorry.gps_braking_ms2=-")
    assert again.stdout.splitlines()[0] == "lorry.gps_braking_ms2 1.8 → none"
    assert rows(installation, "SELECT version FROM score_versions WHERE active") == [(1,)]


def test_what_cannot_be_drafted(installation: Installation) -> None:
    for arguments, error in (
        (["draft"], InvalidInput),
        (["draft", "gps_confidence=2"], InvalidInput),
        (["draft", "silence_moving_s=2"], InvalidInput),
        (["draft", "--portfolio"], InvalidInput),
        (["draft", "--note", "a\nb", "gps_confidence=0.5"], InvalidInput),
        (["draft", "--from", "7", "gps_confidence=0.5"], NotFound),
        (["versions", "7"], NotFound),
        (["compare", "1", "1"], InvalidInput),
        (["compare", "1", "7"], NotFound),
        (["switch", "7", "--yes"], NotFound),
        (["forget", "1"], Conflict),
    ):
        assert isinstance(score(installation, *arguments).exception, error), arguments
    assert rows(installation, "SELECT count(*) FROM score_versions") == [(1,)]


def test_means_come_from_the_portfolio(installation: Installation) -> None:
    prepared(installation)
    assert score(installation, "draft", "--portfolio").exit_code == 0
    ((driven,),) = rows(installation, "SELECT sum(distance_m) FROM driver_day")
    ((made,),) = rows(installation, "SELECT parameters FROM score_versions WHERE version = 2")
    assert made["prior_harsh_braking"] == pytest.approx(6 * 100_000 / driven, rel=1e-3)
    assert made["prior_phone_use"] == 0.001
    assert made["prior_night_share"] == 0.0001


def test_the_way_from_a_draft_to_the_active_version(installation: Installation, tmp_path: Path) -> None:
    prepared(installation)
    score(installation, "draft", "risk_harsh_braking=32", f"risk_phone_use={DEFAULT.risk_phone_use - 10}")
    assert isinstance(score(installation, "compare", "1", "2").exception, Conflict)
    prepared(installation, rebuilt=2)
    compared = score(installation, "compare", "1", "2", "--csv", str(tmp_path / "drivers.csv")).stdout
    assert "2 drivers, " in compared
    assert "harsh_braking\t6 → 6" in compared
    assert "Harsh braking +" in compared
    assert "\n0 to +5\t" in compared
    assert "\nnone\t0" not in compared.partition("change of score")[2].partition("Scores that rise")[0]
    with (tmp_path / "drivers.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["driver_id"] for row in found] == list(PEOPLE)
    assert all(float(row["change"]) > 0 for row in found)
    assert (tmp_path / "drivers.csv").stat().st_mode & 0o777 == 0o600, "scores of people"
    assert isinstance(score(installation, "switch", "2", typed="n\n").exception, InvalidInput)
    assert rows(installation, "SELECT version FROM score_versions WHERE active") == [(1,)]
    switched = score(installation, "switch", "2", typed="y\n")
    assert switched.exit_code == 0, switched.output
    assert "version 2 scores from now on; version 1 did before" in switched.stdout
    assert "6 trips taken over, 0 scored over the events that they had, 0 devices cut again" in switched.stdout
    listed = score(installation, "versions").stdout
    assert "1\tretired" in listed
    assert "2\tactive" in listed
    assert rows(installation, "SELECT DISTINCT score_version FROM trips") == [(2,)]


def test_forgetting_takes_files_along(installation: Installation) -> None:
    prepared(installation)
    score(installation, "draft", "gps_confidence=0.5")
    prepared(installation, rebuilt=2)
    # Nobody's score hangs on a confidence.
    assert "\nDrivers by change of score\nnone\t2\n\n" in score(installation, "compare", "1", "2").stdout
    kept = installation.data_dir / "rescoring" / "2" / "fixes-000001.parquet"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"people")
    assert (
        score(installation, "forget", "2").stdout == "version 2 is a draft again: removed what it had made of 6 trips\n"
    )
    assert not kept.parent.exists()
    assert "2\tdraft" in score(installation, "versions").stdout
