"""Drives that come from elsewhere: a foreign table with its mapping, tracks, and what the command says of mistakes."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.drive_files import forwards, row, write_track
from tests.support.installation import Api, Installation, real_drives

FEW = 4000
MAPPING = """
encoding = "windows-1252"
decimal = ","
timezone = "America/Chicago"
time_format = "%m/%d/%Y %H:%M:%S"

[columns]
time = ["Date", "Time"]
latitude = "Lat"
longitude = "Lon"
speed_kn = "Speed"
course = "Heading"
hdop = "HDOP"
ignition = "Engine"
alarm = "Event"

[constants]
device = "foreign"

[alarms]
"Brake, hard" = "hardBraking"
"Rapid start" = "hardAcceleration"
"Sharp turn" = "hardCornering"
"""
EVENTS = {"hardBraking": "Brake, hard", "hardAcceleration": "Rapid start", "hardCornering": "Sharp turn", "": ""}


def foreign(given: list[dict[str, Any]]) -> bytes:
    """The drives as a program of another country might write them."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(["Date", "Time", "Lat", "Lon", "Speed", "Heading", "HDOP", "Engine", "Event", "Straße"])
    for ours in map(row, given):
        local = datetime.fromisoformat(ours["time"]).astimezone(ZoneInfo("America/Chicago"))
        numbers = [
            str(ours[name]).replace(".", ",") for name in ("latitude", "longitude", "speed_kn", "course", "hdop")
        ]
        engine = "on" if ours["ignition"] else "off"
        writer.writerow([f"{local:%m/%d/%Y}", f"{local:%H:%M:%S}", *numbers, engine, EVENTS[ours["alarm"]], "Ostring"])
    return gzip.compress(text.getvalue().encode("windows-1252"), 1)


def events(api: Api, driver: str) -> list[tuple[Any, ...]]:
    items = api.get("/admin/events", driver_id=driver, limit=1000)["items"]
    assert items
    return [tuple(event[name] for name in ("event_type", "source", "occurred_at", "severity")) for event in items]


def trips(api: Api, driver: str) -> list[tuple[Any, ...]]:
    items = api.get(f"/admin/drivers/{driver}/trips", limit=100)["items"]
    return [tuple(trip[name] for name in ("started_at", "ended_at", "distance_km")) for trip in items]


@pytest.mark.parametrize("drives", real_drives("alarms.jsonl.gz"), ids=lambda path: path.name)
def test_foreign_files_give_the_trips_of_the_forwards(installation: Installation, drives: Path, tmp_path: Path) -> None:
    given = forwards(drives)[:FEW]
    lines, table, track = tmp_path / "forwards.jsonl", tmp_path / "export.csv", tmp_path / "drives.gpx.gz"
    mapping = tmp_path / "mapping.toml"
    lines.write_text("\n".join(map(json.dumps, given)))
    table.write_bytes(foreign(given))
    mapping.write_text(MAPPING)
    write_track(track, given, speeds=True)
    with installation.server() as api:
        assert "DRV-0001" in installation.run("import", "--register", str(lines))
        told = installation.run("import", "--register", "--mapping", str(mapping), str(table))
        assert f"kept {FEW:,} positions" in told
        assert "foreign → DRV-0002" in told
        assert trips(api, "DRV-0002") == trips(api, "DRV-0001")
        assert events(api, "DRV-0002") == events(api, "DRV-0001")
        assert "van 7 → DRV-0003" in installation.run("import", "--register", "--device", "van 7", str(track))
        kilometres = [sum(trip[2] for trip in trips(api, driver)) for driver in ("DRV-0001", "DRV-0003")]
        assert kilometres[0] == pytest.approx(kilometres[1], rel=0.01)
        assert "no differences" in installation.run("doctor")


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [("--device", "", "--device is empty"), ("--mapping", "none.toml", "none.toml: cannot be read: No such file")],
)
def test_an_option_that_cannot_be_says_so(installation: Installation, option: str, value: str, says: str) -> None:
    assert says in installation.run("import", option, value, "drives.gpx", fails=True)
    assert not installation.data_dir.exists()


def test_the_command_says_what_is_wrong_and_imports_the_other_files(installation: Installation, tmp_path: Path) -> None:
    header = "device,time,latitude,longitude,speed_kmh"
    rows = [f"car,2024-03-06T12:00:{second:02}Z,{41 + second / 10_000},8,40" for second in range(60)]
    good, unknown, page = tmp_path / "good.csv", tmp_path / "unknown.csv", tmp_path / "page.gpx"
    good.write_text("\n".join([header, *rows[:30], "car,2024-03-06T12:00:00Z,north,8,NaN", *rows[30:]]))
    unknown.write_text("\n".join([f"{header},speed_limit", *(f"{each},50" for each in rows)]))
    page.write_text("<!DOCTYPE html>\n<html></html>")
    told = installation.run("import", "--register", *map(str, (unknown, page, good)), fails=True)
    assert f"{unknown}: unknown columns 'speed_limit' (did you mean 'speed_limit_" in told
    assert f"{page}:1: a document type declaration" in told
    assert f"{good}:32: latitude 'north' is not a number" in told
    assert "kept 60 positions: 1 new trip " in told
    assert "dropped 1: 1 wrong type" in told
    assert "mapping.toml: cannot be read" in installation.run(
        "import", "--mapping", "mapping.toml", str(good), fails=True
    )
