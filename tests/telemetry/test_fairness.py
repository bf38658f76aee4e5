"""A score follows what was driven, and nothing that is known about who drove it or where they live."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from typing import Any

from roadlens.domain import EVENT_TYPES
from roadlens.scoring.risk import Exposure, risk
from roadlens.scoring.trip import trip_score
from roadlens.storage import tables
from tests.support import fleet
from tests.support.api import Api
from tests.support.fleet import drive

DAY_S = 86_400
YOUNG = {
    "first_name": "Ada", "last_name": "Okafor", "email": "ada@example.com", "phone": "+1 555 0100",
    "date_of_birth": "2005-02-28", "licence_number": "S5301234", "licence_state": "CA", "years_licensed": 1,
    "address": "12 Quay Street", "city": "Oakland", "state": "CA", "zip_code": "94607",
}  # fmt: skip
OLD = {
    "first_name": "Bo", "last_name": "Lindqvist", "email": "bo@example.com", "phone": "+1 555 0199",
    "date_of_birth": "1950-12-01", "licence_number": "N0012345", "licence_state": "NE", "years_licensed": 50,
    "address": "1 Elm Road", "city": "Omaha", "state": "NE", "zip_code": "68102",
}  # fmt: skip
# What a driver's row holds beside the person.
_KEPT_BY_ROADLENS = {"driver_id", "created_at", "updated_at", "version"}
_SCORES = """
SELECT risk.day, risk.risk_score, risk.factors, distance_m FROM risk_scores AS risk
WHERE driver_id = :driver_id ORDER BY day
"""
_TRIPS = "SELECT started_at, distance_m, trip_score, harsh_braking FROM trips WHERE driver_id = :driver_id ORDER BY 1"


async def scores(api: Api, driver_id: str) -> list[list[tuple[Any, ...]]]:
    async with api.database.read() as session:
        found = [await session.tuples(statement, {"driver_id": driver_id}) for statement in (_SCORES, _TRIPS)]
    assert all(found)
    return found


async def deliver(api: Api, *devices: str) -> list[str]:
    """The same drives with alarms, by each of the devices; the statements that this took."""
    ingest = await fleet.open_ingest(api.database)
    with api.statements() as seen:
        for device in devices:
            for day in range(3):
                await fleet.deliver(ingest, device, drive(day * DAY_S + 36_000, 3000, 50.0, every=20, alarms=1))
    return seen


async def given_device(api: Api, device: str, person: dict[str, Any]) -> str:
    """A driver like that, who has the device in a vehicle."""
    driver = (await api.send("POST", "/admin/drivers", person)).json()["driver_id"]
    vehicle = (await api.send("POST", "/admin/vehicles", {"name": device})).json()["vehicle_id"]
    await fleet.make_devices(api.database, [device])
    body = {"driver_id": driver, "vehicle_id": vehicle}
    response = await api.send("POST", f"/admin/devices/{device}/assignments", body)
    assert response.status_code == 201, response.text
    return str(driver)


def test_a_person_here_is_all_that_is_known_of_one() -> None:
    """Whoever adds a column, of gender for one, must add it here, and see that no score follows it."""
    columns = {column.name for column in tables.drivers.columns} - _KEPT_BY_ROADLENS
    assert set(YOUNG) == set(OLD) == columns
    assert all(YOUNG[name] != OLD[name] for name in columns)


async def test_whoever_drives_the_same_has_the_same_score(api: Api) -> None:
    young, old = await given_device(api, "A", YOUNG), await given_device(api, "B", OLD)
    await deliver(api, "A", "B")
    assert await scores(api, young) == await scores(api, old)


async def test_no_score_follows_an_edit_of_the_person(api: Api) -> None:
    """All that is known of a driver changes, and everything is scored anew."""
    driver = await given_device(api, "A", YOUNG)
    await deliver(api, "A")
    before = await scores(api, driver)
    assert (await api.send("PATCH", f"/admin/drivers/{driver}", OLD)).status_code == 200
    assert await scores(api, driver) == before
    await fleet.forget(api.database)
    await deliver(api, "A")
    assert await scores(api, driver) == before


async def test_nothing_about_a_person_is_read_to_score(api: Api) -> None:
    await given_device(api, "A", YOUNG)
    seen = await deliver(api, "A")
    assert any("driver_day" in statement for statement in seen)
    # `state` is a word of events and rebuilds too.
    names = "|".join(name for name in YOUNG if name != "state")
    assert [statement for statement in seen if re.search(rf"\b({names})\b", statement)] == []


def test_scores_are_functions_of_exposure_alone() -> None:
    """Kilometres and counts, beside the version's parameters: there is no way in for anything else."""
    kinds = [kind.value for kind in EVENT_TYPES]
    assert [field.name for field in fields(Exposure)] == ["distance_m", "speeding_m", "night_m", *kinds]
    assert list(inspect.signature(risk).parameters) == ["parameters", "exposure"]
    assert list(inspect.signature(trip_score).parameters) == ["parameters", "distance_m", "speeding_m", "counts"]
