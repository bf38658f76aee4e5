"""The fleet that is asked about: says what there is of it, and makes more before a kind runs out.

Much of what is asked deletes and erases. Each part of the fleet is made as an administrator and trackers make it, so
that `roadlens doctor` has nothing to say about it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import psycopg

from roadlens.domain import Role
from tests.support.traffic import forward

_PEOPLE: Final = [
    ("Ada", "Okafor"), ("Bo", "Lindqvist"), ("Cy", "adams"), ("Di_%", "O'Neill"), ("שלום", "\u0130nce"),
]  # fmt: skip
_ALARMS: Final = {
    9: "hardBraking", 15: "overspeed", 21: "hardAcceleration", 27: "hardCornering", 33: "phoneCall,hardBraking"
}  # fmt: skip

_IDLE_VEHICLE: Final = """
SELECT vehicle_id FROM vehicles
WHERE NOT EXISTS (SELECT FROM device_assignments AS other WHERE other.vehicle_id = vehicles.vehicle_id)
    AND NOT EXISTS (SELECT FROM trips WHERE trips.vehicle_id = vehicles.vehicle_id)
ORDER BY md5(vehicle_id) LIMIT 40
"""
_IDLE_DEVICE: Final = """
SELECT unique_id FROM devices
WHERE NOT EXISTS (SELECT FROM device_assignments AS other WHERE other.device_id = devices.device_id)
ORDER BY md5(unique_id) LIMIT 40
"""
# Without `fuzz-…`, who ask, and may neither be erased nor forget their passwords for long.
_BYSTANDER: Final = "SELECT user_id::text FROM users WHERE username LIKE 'bystander-%' ORDER BY user_id LIMIT 20"

# What exists, by the name under which a generated value asks for it: some of all that there is, old and new.
IDS: Final[Mapping[str, str]] = {
    "driver": "SELECT driver_id FROM drivers ORDER BY md5(driver_id) LIMIT 40",
    "vehicle": "SELECT vehicle_id FROM vehicles ORDER BY md5(vehicle_id) LIMIT 40",
    "device": "SELECT unique_id FROM devices ORDER BY md5(unique_id) LIMIT 40",
    "trip": "SELECT trip_id::text FROM trips ORDER BY md5(trip_id::text) LIMIT 40",
    "event": "SELECT event_id::text FROM safety_events ORDER BY md5(event_id::text) LIMIT 40",
    "assignment": "SELECT assignment_id::text FROM device_assignments ORDER BY md5(assignment_id::text) LIMIT 40",
    "user": "SELECT user_id::text FROM users ORDER BY user_id LIMIT 20",
    "bystander": _BYSTANDER,
    "idle-vehicle": _IDLE_VEHICLE,
    "idle-device": _IDLE_DEVICE,
}
LEAST: Final = 8  # of each kind; fewer are made more
_REMEMBERED: Final = 25  # questions, until it is looked up anew what exists


@dataclass
class Stock:
    """What there is, in a database that others change.

    Attributes:
        send: asks the server as an administrator, or with the token of a tracker.
        password_hash: of those who are made.
    """

    database: psycopg.Connection[tuple[Any, ...]]
    send: Callable[[str, Any], httpx.Response]
    password_hash: str
    _known: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    _asked: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def id(self, kind: str, index: int) -> str:
        """One of the ids that exist."""
        self._asked += 1
        looked_up, ids = self._known.get(kind, (-_REMEMBERED, []))
        if self._asked - looked_up >= _REMEMBERED:
            ids = self._looked_up(kind)
            self._known[kind] = (self._asked, ids)
        return ids[index % len(ids)]

    def forget(self) -> None:
        """Something has gone, or is in use now."""
        self._known.clear()

    def fill(self, drives: int) -> None:
        """Make a fleet to begin with."""
        for _ in range(drives):
            self._drive()
        for kind in IDS:
            self._looked_up(kind)

    def number(self) -> int:
        """One that no other thing is called by."""
        return next(self._numbers)

    def name_of_user(self, user_id: str) -> str:
        """What confirms that a user is meant; anything for somebody who does not exist."""
        ids = [user_id] if user_id.isdecimal() else []
        query = "SELECT username FROM users WHERE user_id::text = ANY(%s)"
        return str((self.database.execute(query, (ids,)).fetchone() or ("nobody",))[0])

    def _looked_up(self, kind: str) -> list[str]:
        while len(ids := self._ids(kind)) < LEAST:
            self._make(kind)
        return ids

    def _ids(self, kind: str) -> list[str]:
        return [row[0] for row in self.database.execute(IDS[kind])]

    def _make(self, kind: str) -> None:
        """One more of a kind."""
        number = self.number()
        if kind in ("user", "bystander"):
            self.database.execute(
                "INSERT INTO users (username, role, password_hash) VALUES (%s, %s, %s)",
                (f"bystander-{number}", Role.VIEWER.value, self.password_hash),
            )
        elif kind == "driver":
            self._driver(number)
        elif kind in ("vehicle", "idle-vehicle"):
            self._vehicle(number)
        elif kind in ("device", "idle-device"):
            self._device(number)
        elif kind == "assignment":
            self._assigned(number)
        else:
            self._drive()

    def _driver(self, number: int) -> str:
        first_name, last_name = _PEOPLE[number % len(_PEOPLE)]
        return str(
            self._made(
                "drivers", {"driver_id": f"STOCK-{number:04d}", "first_name": first_name, "last_name": last_name}
            )["driver_id"]
        )

    def _vehicle(self, number: int) -> str:
        return str(self._made("vehicles", {"vehicle_id": f"VAN-{number:04d}", "name": f"Van {number}"})["vehicle_id"])

    def _device(self, number: int) -> str:
        return str(self._made("devices", {"unique_id": f"device-{number}"})["unique_id"])

    def _assigned(self, number: int) -> str:
        """A device of somebody's, from ever on."""
        device = self._device(number)
        people = {"driver_id": self._driver(number), "vehicle_id": self._vehicle(number)}
        self._made(f"devices/{device}/assignments", people)
        return device

    def _drive(self) -> None:
        """Seven minutes with alarms, some days ago."""
        number = self.number()
        device, at, latitude = self._assigned(number), datetime.now(UTC) - timedelta(days=1 + number % 20), 41.0
        lines = []
        for place in range(42):
            speed = 0.0 if place in (0, 41) else 50.0 + place % 3
            at, latitude = at + timedelta(seconds=10), latitude + speed / 3.6 * 10 / 111_195
            lines.append(forward(device, at, latitude, speed, _ALARMS.get(place)))
        self.send("ingest/positions", b"\n".join(lines)).raise_for_status()

    def _made(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.send(f"admin/{path}", body)
        assert answer.status_code == httpx.codes.CREATED, f"{path}: {answer.text}"
        made: dict[str, Any] = answer.json()
        return made
