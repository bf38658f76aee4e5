"""Writes files of invented drives as Traccar forwards them, one position a second, for benchmarks to import."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
DRIVE_S = 1500
PARKED_S = 1800
KMH_PER_KNOT = 1.852
METRES_PER_DEGREE = 111_195.0


def write_drives(path: Path, positions: int, devices: int = 20) -> None:
    """Write `positions` lines: `devices` cars drive 25 minutes, park for 30, and so on, interleaved."""
    second, written = 0, 0
    states = [[41.0 + car / 50, -96.0] for car in range(devices)]
    with path.open("w") as file:
        while written < positions:
            driving = second % (DRIVE_S + PARKED_S)
            if driving >= DRIVE_S:
                second += DRIVE_S + PARKED_S - driving
                continue
            for car, place in enumerate(states):
                if written < positions:
                    file.write(_line(car, place, second, driving))
                    written += 1
            second += 1


def _line(car: int, place: list[float], second: int, driving: int) -> str:
    """One forward, with the car moved on by one second. Speed swings between a stop at lights and 70 km/h."""
    metres_per_second = max(0.0, 10 - 11 * math.cos(2 * math.pi * driving / 125 + car))
    course = (car * 17 + 40 * math.sin(driving / 50)) % 360
    place[0] += metres_per_second * math.cos(math.radians(course)) / METRES_PER_DEGREE
    place[1] += (
        metres_per_second * math.sin(math.radians(course)) / METRES_PER_DEGREE / math.cos(math.radians(place[0]))
    )
    moment = (START + timedelta(seconds=second)).isoformat(timespec="milliseconds")
    attributes: dict[str, object] = {"sat": 9, "hdop": 0.9, "ignition": True, "motion": metres_per_second > 1}
    if (driving + car * 7) % 600 == 300:
        attributes["alarm"] = "hardBraking" if car % 2 else "hardCornering,overspeed"
    position = {
        "id": 0,
        "attributes": attributes,
        "deviceId": car + 1,
        "protocol": "osmand",
        "serverTime": moment,
        "deviceTime": moment,
        "fixTime": moment,
        "valid": True,
        "latitude": round(place[0], 7),
        "longitude": round(place[1], 7),
        "altitude": 300.0,
        "speed": round(metres_per_second * 3.6 / KMH_PER_KNOT, 5),
        "course": round(course, 2),
        "address": None,
        "accuracy": 0.0,
        "network": None,
        "geofenceIds": None,
    }
    device = {"id": car + 1, "attributes": {}, "name": f"Car {car}", "uniqueId": f"bench-{car}", "category": "car"}
    return json.dumps({"position": position, "device": device}) + "\n"
