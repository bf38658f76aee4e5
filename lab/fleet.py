"""The fleet that a run is about: makes it over the API, and tells the clients what there is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from lab import drives
from lab.registers import ASSIGNMENT, DEVICES, EVENT, driver, user, vehicle
from tests.support.installation import Api

USER_PASSWORD: Final = "wrong horse battery staple"

# The device whose trips are counted.
COMMUTER: Final = "commuter"

_DRIVERS, _CONTESTED, _VEHICLES, _USERS, _LIVE = 20, 4, 8, 2, 4
# Time before the run begins that devices have for what they report.
_REPORTED, _COMMUTED = timedelta(days=3), timedelta(days=25)
# Long enough for a score (scoring/parameters.py: 50 km), at 60 km/h.
_SCORED_MINUTES: Final = 70


class Chain(msgspec.Struct):
    """What one client edits, again and again.

    Attributes:
        register: its name in the history.
        path: where it is edited.
        number: its version when the run begins.
    """

    register: str
    path: str
    number: int = 1


class Fleet(msgspec.Struct):
    """Ids, and what the clients may take for granted.

    Attributes:
        drivers: each edited by one client; `contested`: each by two.
        users: who are locked out and let in; `promoted` is made an admin and a viewer again; `reset` is given a
            password at a shell.
        more_vehicles: the address of the list's second page.
        event: one of so many `events` of the commuter's trip `braked`.
        come_and_go: whose trips depend on the assignment; all are of the day `trip_day`, and no others have phone use.
        scored: how many other drivers have a score.
        others: how many drivers there are whom nobody edits.
    """

    drivers: list[Chain]
    contested: list[Chain]
    vehicles: list[Chain]
    users: list[Chain]
    promoted: Chain
    reset: Chain
    devices: Chain
    more_vehicles: str
    assignment: Chain
    event: Chain
    events: int
    braked: str
    come_and_go: str
    trip_id: str
    trip_day: str
    commuter: str
    live: list[str]
    scored: int
    others: int
    started: datetime
    ingest_token: str
    admin_token: str

    @property
    def promoted_name(self) -> str:
        return f"lab{len(self.users)}"

    @property
    def reset_name(self) -> str:
        return f"lab{len(self.users) + 1}"

    def began(self, device: str) -> datetime:
        """When the device was at its first position."""
        return self.started - (_COMMUTED if device == COMMUTER else _REPORTED)

    def times(self, device: str, numbers: range) -> Iterator[datetime]:
        """When the device was at the positions, or on the trips, of these numbers."""
        for number in numbers:
            if device == COMMUTER:
                yield from drives.commute_times(self.began(device), number)
            else:
                yield drives.position_time(self.began(device), number)

    def seldom_enough(self, every_s: float, device: str, seconds: float) -> float:
        """So seldom, or as seldom as it takes for what is reported in so many seconds to be of before the run."""
        step = drives.COMMUTE if device == COMMUTER else 2 * drives.EVERY
        return max(every_s, seconds * (step / (self.started - self.began(device))))


def made(api: Api, ingest_token: str, others: int) -> Fleet:
    """Make the fleet in an installation that has only so many `others`."""
    started = datetime.now(UTC).replace(microsecond=0)
    ids = [f"LAB-{number:02}" for number in range(1, _DRIVERS + 1)]
    for driver_id in ids:
        person = {"first_name": "Odd", "last_name": "N1", "zip_code": "Z0"}
        _post(api, "/admin/drivers", {"driver_id": driver_id} | person)
    vehicles = [f"VEH-{number:02}" for number in range(1, _VEHICLES + 1)]
    for vehicle_id in vehicles:
        _post(api, "/admin/vehicles", {"vehicle_id": vehicle_id, "name": "N1"})
    users = [
        _post(api, "/admin/users", {"username": f"lab{number}", "password": USER_PASSWORD, "role": "viewer"})["user_id"]
        for number in range(_USERS + 2)
    ]
    live = [f"live-{number}" for number in range(_LIVE)]
    given = [
        _given(api, device, ids[number], vehicles[number])
        for number, device in enumerate(("come-and-go", COMMUTER, *live))
    ]
    day = (started - timedelta(days=28)).replace(hour=9, minute=0, second=0)
    _drive(api, ingest_token, "come-and-go", day, "phoneCall")
    for device in (COMMUTER, *live):
        alarm = "hardBraking" if device == COMMUTER else None
        _drive(api, ingest_token, device, started - timedelta(days=27), alarm)
    shares = api.get("/admin/dashboard/risk-distribution")
    drivers = [Chain(driver(each), f"/api/v1/admin/drivers/{each}") for each in ids]
    chains = [Chain(user(each), f"/api/v1/admin/users/{each}") for each in users]
    page = api.get("/admin/vehicles", limit=(first := _VEHICLES // 2))
    (trip,) = api.get("/admin/trips", driver_id=ids[0])["items"]
    events = api.get("/admin/events", driver_id=ids[1])["items"]
    return Fleet(
        drivers=drivers[:-_CONTESTED],
        contested=drivers[-_CONTESTED:],
        vehicles=[Chain(vehicle(each), f"/api/v1/admin/vehicles/{each}") for each in vehicles],
        users=chains[:_USERS],
        promoted=chains[_USERS],
        reset=chains[_USERS + 1],
        devices=Chain(DEVICES, "/api/v1/admin/devices", len(given)),
        more_vehicles=f"/api/v1/admin/vehicles?limit={first}&after={page['next']}",
        assignment=Chain(ASSIGNMENT, f"/api/v1/admin/assignments/{given[0]}"),
        event=Chain(EVENT, f"/api/v1/admin/events/{events[0]['event_id']}", 0),
        events=len(events),
        braked=events[0]["trip_id"],
        come_and_go=ids[0],
        trip_id=trip["trip_id"],
        trip_day=day.date().isoformat(),
        commuter=ids[1],
        live=live,
        scored=sum(share["driver_count"] for share in shares) - 1,
        others=others,
        started=started,
        ingest_token=ingest_token,
        admin_token=api.client.headers["Authorization"].removeprefix("Bearer "),
    )


def _post(api: Api, path: str, body: dict[str, Any]) -> Any:
    answer = api.client.post(path, json=body)
    assert answer.is_success, answer.text
    return answer.json()


def _given(api: Api, device: str, driver_id: str, vehicle_id: str) -> int:
    _post(api, "/admin/devices", {"unique_id": device})
    whom = {"driver_id": driver_id, "vehicle_id": vehicle_id}
    return int(_post(api, f"/admin/devices/{device}/assignments", whom)["assignment_id"])


def _drive(api: Api, token: str, device: str, start: datetime, alarm: str | None) -> None:
    body = b"\n".join(drives.drive(device, start, _SCORED_MINUTES, alarm))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    answer = api.client.post("/ingest/positions", content=body, headers=headers)
    assert answer.is_success, answer.text
    assert answer.json()["dropped"] == 0, answer.text
