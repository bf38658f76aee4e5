"""Real drives in every format, on a real database: the rows that follow do not tell which format they came in."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from roadlens.storage.database import Database
from roadlens.telemetry.delivery import Ingest, Outcome
from roadlens.telemetry.importing import BATCH_SIZE, NOTHING_SAID, import_file
from roadlens.telemetry.sources.files import Unreadable
from roadlens.telemetry.sources.source import Description
from tests.support import fleet
from tests.support.drive_files import KNOT_MS, forwards, row, write_table, write_track
from tests.support.installation import real_drives
from tests.support.versions import until

ALARMS = real_drives("alarms.jsonl.gz")
UNIT_KN = {"speed_kmh": 1.852, "speed_mph": 1.852 / 1.609344, "speed_ms": KNOT_MS}

with_drives = pytest.mark.parametrize("drives", ALARMS, ids=lambda path: path.name)


async def imported(ingest: Ingest, path: Path, description: Description = NOTHING_SAID) -> Outcome:
    outcome = Outcome()
    await import_file(ingest, path, outcome, description=description, register=True)
    return outcome


def like(trips: list[dict[str, Any]]) -> Any:
    """What two ways of writing the same speeds agree on, up to the last bits of single-precision numbers."""
    return [
        [trip[name] for name in ("trip_id", "started_at", "ended_at", "driver_id", "trip_score")]
        + [pytest.approx(trip["distance_m"], abs=1)]
        for trip in trips
    ]


@with_drives
async def test_a_table_gives_the_rows_of_the_forwards(database: Database, drives: Path, tmp_path: Path) -> None:
    ingest = await fleet.open_ingest(database)
    await imported(ingest, drives)
    clean = await fleet.rows(database)
    rows = [row(forward) for forward in forwards(drives)]

    write_table(tmp_path / "knots.csv", rows)
    await fleet.forget(database)
    assert (await imported(ingest, tmp_path / "knots.csv")).trips == 13
    assert await fleet.rows(database) == clean
    again = await imported(ingest, tmp_path / "knots.csv")
    assert (again.kept, again.trips, again.dropped.total()) == (0, 0, len(rows))
    assert await fleet.rows(database) == clean

    for column, unit in UNIT_KN.items():
        other = [{**each, column: each["speed_kn"] * unit} for each in rows]
        for each in other:
            del each["speed_kn"]
        write_table(tmp_path / "other.csv", other, delimiter="\t")
        await fleet.forget(database)
        await imported(ingest, tmp_path / "other.csv")
        assert like((await fleet.rows(database))["trips"]) == like(clean["trips"])


@with_drives
async def test_a_track_gives_the_rows_of_the_forwards(database: Database, drives: Path, tmp_path: Path) -> None:
    ingest = await fleet.open_ingest(database)
    given = forwards(drives)
    for forward in given:
        forward["position"]["attributes"] = {"hdop": forward["position"]["attributes"]["hdop"]}
    plain = tmp_path / "plain.jsonl"
    plain.write_text("\n".join(map(json.dumps, given)))
    await imported(ingest, plain)
    clean = await fleet.rows(database)
    car = Description(device=given[0]["device"]["uniqueId"])

    write_track(tmp_path / "speeds.gpx.gz", given, speeds=True)
    await fleet.forget(database)
    assert (await imported(ingest, tmp_path / "speeds.gpx.gz", car)).trips == len(clean["trips"])
    assert like((await fleet.rows(database))["trips"]) == like(clean["trips"])
    assert (await imported(ingest, tmp_path / "speeds.gpx.gz", car)).kept == 0

    write_track(tmp_path / "places.gpx.gz", given, speeds=False)
    await fleet.forget(database)
    assert (await imported(ingest, tmp_path / "places.gpx.gz", car)).kept == len(given)
    # A car that creeps out of a garage stands by its places and moves by its speeds: the trip then begins at the road.
    for derived, trip in zip((await fleet.rows(database))["trips"], clean["trips"], strict=True):
        assert derived["distance_m"] == pytest.approx(trip["distance_m"], rel=0.05)
        assert _moment(derived) == pytest.approx(_moment(trip), abs=timedelta(minutes=5))


def _moment(trip: dict[str, Any]) -> Any:
    return datetime.fromisoformat(trip["started_at"])


async def test_a_track_that_breaks_off_is_stored_up_to_there(database: Database, tmp_path: Path) -> None:
    ingest = await fleet.open_ingest(database)
    points = [
        f'<trkpt lat="{41 + second / 10_000}" lon="8"><time>{fleet.NOON + timedelta(seconds=second)}</time></trkpt>'
        for second in range(300)
    ]
    file = tmp_path / "van.gpx"
    whole = "<gpx><trk><trkseg>\n" + "\n".join(points) + "\n</trkseg></trk></gpx>"
    file.write_text(whole[: len(whole) // 2])
    outcome = Outcome()
    with pytest.raises(Unreadable, match=r"van\.gpx:\d+: the XML is broken here"):
        await import_file(ingest, file, outcome, register=True)
    assert (100 < outcome.kept < 200, outcome.trips) == (True, 1)
    file.write_text(whole)
    assert (await imported(ingest, file)).kept == 300 - outcome.kept
    stored = await fleet.rows(database)
    assert len(stored["trips"]) == 1
    await fleet.forget(database)
    await imported(ingest, file)
    assert await fleet.rows(database) == stored


async def test_whoever_is_cancelled_leaves_no_delivery_under_way(database: Database, tmp_path: Path) -> None:
    """1. The first batch waits for the database; 2. the next is being read; 3. the import is given up."""
    ingest, outcome = await fleet.open_ingest(database), Outcome()
    file = tmp_path / "van.gpx"
    point = f'<trkpt lat="41" lon="8"><time>{fleet.NOON}</time></trkpt>\n'
    file.write_text(f"<gpx><trk><trkseg>\n{point * 2 * BATCH_SIZE}</trkseg></trk></gpx>")
    before = asyncio.all_tasks()
    async with database.write() as session:
        await session.execute("LOCK TABLE devices IN ACCESS EXCLUSIVE MODE")
        importing = asyncio.create_task(import_file(ingest, file, outcome, register=True))
        await until(lambda: database.connections.in_use == 2)
        importing.cancel()
        await asyncio.wait({importing})
        assert asyncio.all_tasks() <= before
        assert database.connections.in_use == 1
    assert outcome.kept == 0
