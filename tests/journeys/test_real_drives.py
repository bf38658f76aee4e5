"""The main job on real input: a file of thirteen labelled drives becomes what an administrator sees."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.installation import Api, Installation, real_drives

ALARMS = real_drives("alarms.jsonl.gz")
LABELS = {"accel": "rapid_acceleration", "brake": "harsh_braking", "corner": "harsh_cornering"}
DRIVER = "DRV-0001"

pytestmark = pytest.mark.parametrize("drives", ALARMS, ids=lambda path: path.name)


def odometer_per_drive(drives: Path) -> list[float]:
    """Metres of each drive by the device's own `totalDistance`, which starts anew with each drive."""
    with gzip.open(drives) as lines:
        readings = [json.loads(line)["position"]["attributes"]["totalDistance"] for line in lines]
    ends = [before for before, after in pairwise(readings) if after < before]
    return [*ends, readings[-1]]


def labels(drives: Path) -> list[tuple[str, datetime]]:
    with drives.with_name("events.csv").open() as file:
        return [(LABELS[row["type"]], datetime.fromisoformat(row["start"])) for row in csv.DictReader(file)]


def stored(installation: Installation) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that follows from the positions."""
    url = installation.run("db", "url").strip()
    tables = ("trips", "safety_events", "driver_day", "driver_summary", "risk_scores")
    with psycopg.connect(url) as connection:
        rows = {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables}
        rows["trip_day"] = connection.execute(
            "SELECT day, sum(trips), sum(score_sum) FROM trip_day GROUP BY day ORDER BY day"
        ).fetchall()
    return rows


def all_items(api: Api, path: str, **parameters: str | int) -> list[dict[str, Any]]:
    page = api.get(path, limit=7, **parameters)
    items: list[dict[str, Any]] = page["items"]
    while page["next"]:
        page = api.get(path, limit=7, after=page["next"], **parameters)
        items += page["items"]
    return items


def test_drives_become_trips_events_and_scores(installation: Installation, drives: Path) -> None:
    with installation.server() as api:
        told = installation.run("import", "--register", str(drives))
        assert "kept 14,325 positions: 13 new trips" in told
        trips = all_items(api, f"/admin/drivers/{DRIVER}/trips")
        by_start = sorted(trips, key=lambda trip: trip["started_at"])
        metres = [trip["distance_km"] * 1000 for trip in by_start]
        assert metres == pytest.approx(odometer_per_drive(drives), rel=0.02)
        assert all(0 <= trip["trip_score"] <= 100 for trip in trips)

        events = all_items(api, "/admin/events", driver_id=DRIVER, source="device")
        found = sorted((event["event_type"], datetime.fromisoformat(event["occurred_at"])) for event in events)
        assert found == sorted(labels(drives))

        risk = api.get(f"/admin/drivers/{DRIVER}/risk")
        assert 0 < risk["risk_score"] < 100
        assert sum(round(factor["points"] * 100) for factor in risk["factors"]) == round(risk["risk_score"] * 100)
        _agrees(api, trips, risk["risk_score"])
        assert "no differences" in installation.run("doctor")


def _agrees(api: Api, trips: list[dict[str, Any]], score: float) -> None:
    """Every answer tells the same story."""
    detail = api.get(f"/admin/drivers/{DRIVER}")
    listed = api.get("/admin/drivers")
    assert listed["total"] == 1
    assert listed["drivers"][0]["risk_score"] == detail["latest_score"]["risk_score"] == score
    assert detail["totals"]["trips"] == len(trips) == 13
    assert detail["totals"]["distance_km"] == pytest.approx(sum(trip["distance_km"] for trip in trips))
    summary = api.get("/admin/dashboard/summary")
    assert summary == {"total_drivers": 1, "total_vehicles": 1, "total_trips": 13, "avg_risk_score": score}
    counted = sum((Counter(trip["event_counts"]) for trip in trips), Counter())
    assert api.get("/admin/dashboard/stats")["totals"]["events"] == counted.total()
    whole = api.get(f"/admin/trips/{trips[0]['trip_id']}")
    assert len(whole["track"]) > 100
    assert Counter(event["event_type"] for event in whole["events"]) == +Counter(trips[0]["event_counts"])


def test_importing_again_changes_nothing(installation: Installation, drives: Path) -> None:
    with installation.server():
        installation.run("import", "--register", str(drives))
        before = stored(installation)
        assert "14,325 duplicate" in installation.run("import", "--register", str(drives))
        assert stored(installation) == before


def test_a_shuffled_file_gives_the_same_rows(installation: Installation, drives: Path, tmp_path: Path) -> None:
    lines = gzip.decompress(drives.read_bytes()).splitlines(keepends=True)
    random.Random(7).shuffle(lines)
    shuffled = tmp_path / "shuffled.jsonl"
    shuffled.write_bytes(b"".join([*lines, *lines[:700]]))
    other = Installation(tmp_path / "other")
    with installation.server(), other.server():
        installation.run("import", "--register", str(drives))
        other.run("import", "--register", str(shuffled))
        assert stored(other) == stored(installation)


def test_shifted_drives_show_in_the_days_of_the_dashboard(installation: Installation, drives: Path) -> None:
    end = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    with installation.server() as api:
        installation.run("import", "--register", "--shift-to", end.isoformat(), str(drives))
        trips = all_items(api, "/admin/trips")
        assert datetime.fromisoformat(trips[0]["ended_at"]) == pytest.approx(end, abs=timedelta(minutes=1))
        days = api.get("/admin/dashboard/trip-activity", days=30)
        shown = sum(day["trip_count"] for day in days)
        counted = sum(kind["count"] for kind in api.get("/admin/dashboard/safety-events", days=30))
        # Two hours ago may have been yesterday.
        since = date.fromisoformat(days[0]["date"])
        assert since - end.date() in (timedelta(days=-29), timedelta(days=-28))
        recent = [trip for trip in trips if datetime.fromisoformat(trip["started_at"]).date() >= since]
        assert shown == len(recent) > 0
        assert counted == sum(sum(trip["event_counts"].values()) for trip in recent)


def test_an_unknown_device_keeps_its_positions_until_it_is_registered(installation: Installation, drives: Path) -> None:
    with installation.server() as api:
        told = installation.run("import", str(drives))
        assert "kept 14,325 positions: 0 new trips" in told
        assert "unassigned 1 device: nds-blackbox-1" in told
        assert "nds-blackbox-1\tunassigned\t14325 positions" in installation.run("devices", "list", "--unassigned")
        installation.run("import", "--register", str(drives))
        assert api.get("/admin/dashboard/summary")["total_trips"] == 13
