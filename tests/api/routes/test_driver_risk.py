"""What is behind a score: from drives that were delivered, to the trips and events that make it up."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from roadlens.scoring.parameters import DEFAULT
from roadlens.scoring.risk import Exposure, risk
from roadlens.storage.database import Database
from roadlens.telemetry.batch import Fix
from tests.support import fleet
from tests.support.api import Api
from tests.support.fleet import NOON, drive

DAY_S = 86_400
NIGHT_S = 10 * 3600  # 22:00, after noon
BRAKING = 1


def braking(day: int, times: int) -> list[Fix]:
    """60 km on that day, with so many of the device's own alarms."""
    fixes = drive(day * DAY_S, 6000, every=20)
    return [fix._replace(alarms=BRAKING if 10 <= place < 10 + times else 0) for place, fix in enumerate(fixes)]


def day_of(number: int) -> str:
    return str(NOON.date() + timedelta(days=number))


def in_words(number: int) -> str:
    day = NOON.date() + timedelta(days=number)
    return f"{day.day} {day:%B %Y}"


async def delivered(database: Database, zone: str = "UTC") -> None:
    """Brakings: ten on day 0, which day 100 no longer looks back on, one on day 11, and one to ten on days 90 to 99.

    On day 100 it is driven at night, and far too fast.
    """
    ingest = await fleet.open_ingest(database)
    async with database.write() as session:
        await session.execute("UPDATE installation SET timezone = :zone", {"zone": zone})
    ingest = await fleet.open_ingest(database)
    for day, times in ((0, 10), (11, 1), *((day, day - 89) for day in range(90, 100))):
        await fleet.deliver(ingest, "A", braking(day, times))
    await fleet.deliver(ingest, "A", drive(100 * DAY_S + NIGHT_S, 3000, 180.0, every=20))


@pytest.fixture
async def driver(api: Api) -> str:
    await delivered(api.database)
    return await only_driver(api)


async def only_driver(api: Api) -> str:
    [driver] = (await api.answer("/admin/drivers"))["drivers"]
    found: str = driver["driver_id"]
    return found


def by_name(answer: Any) -> dict[str, Any]:
    return {factor["factor"]: factor for factor in answer["factors"]}


async def test_the_trips_and_events_behind_a_factor(api: Api, driver: str) -> None:
    answer = await api.answer(f"/admin/drivers/{driver}/risk")
    found = by_name(answer)["harsh_braking"]
    assert (found["amount"], found["amount_unit"]) == (56, "events")
    assert [(trip["day"], trip["amount"]) for trip in found["trips"]] == [
        (day_of(day), day - 89) for day in range(99, 89, -1)
    ]
    assert [trip["share"] for trip in found["trips"]] == [times / 56 for times in range(10, 0, -1)]
    newest = found["trips"][0]["trip_id"]
    assert [event["trip_id"] for event in found["events"]] == [newest] * 10
    assert [event["occurred_at"] for event in found["events"]] == sorted(
        (event["occurred_at"] for event in found["events"]), reverse=True
    )
    assert {event["source"] for event in found["events"]} == {"device"}


async def test_where_all_of_a_factor_is_listed(api: Api, driver: str) -> None:
    found = by_name(await api.answer(f"/admin/drivers/{driver}/risk"))
    for name in ("harsh_braking", "speeding"):
        listed = await api.answer(found[name]["all"].removeprefix("/api/v1"))
        assert len(listed["items"]) == found[name]["amount"] > 0
        assert {event["event_type"] for event in listed["items"]} == {name}
    for name in ("speeding_share", "night_share"):
        trips = await api.answer(found[name]["all"].removeprefix("/api/v1"))
        assert [trip["trip_id"] for trip in trips["items"]] == [trip["trip_id"] for trip in found[name]["trips"]]


async def test_a_driver_s_trips_of_a_factor_page_by_page(api: Api, driver: str) -> None:
    path = f"/admin/drivers/{driver}/trips"
    first = await api.answer(path, factor="harsh_braking", limit=7)
    second = await api.answer(path, factor="harsh_braking", limit=7, after=first["next"])
    trips = first["items"] + second["items"]
    assert (len(trips), second["next"]) == (12, None)
    assert all(trip["event_counts"]["harsh_braking"] for trip in trips)
    assert (await api.answer(path, factor="phone_use"))["items"] == []
    assert (await api.get(path, factor="speeding", after=first["next"])).status_code == 422
    refused = await api.get(path, factor="age")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "factor")


async def test_a_share_comes_from_trips(api: Api, driver: str) -> None:
    found = by_name(await api.answer(f"/admin/drivers/{driver}/risk"))
    for name in ("speeding_share", "night_share"):
        [trip] = found[name]["trips"]
        assert (trip["day"], trip["amount"], trip["share"]) == (day_of(100), found[name]["amount"], 1)
        assert (found[name]["amount_unit"], found[name]["events"]) == ("km", [])


async def test_the_window_and_the_driver_s_weight_in_it(api: Api, driver: str) -> None:
    answer = await api.answer(f"/admin/drivers/{driver}/risk")
    assert (answer["day"], answer["window_first_day"], answer["window_days"]) == (day_of(100), day_of(11), 90)
    assert (answer["window_trips"], answer["distance_needed_km"]) == (12, 50)
    own = answer["distance_km"] / (answer["distance_km"] + 250)
    assert answer["credibility"] == {"own": pytest.approx(own), "mean": pytest.approx(1 - own), "prior_km": 250}


async def test_everything_adds_up(api: Api, driver: str) -> None:
    answer = await api.answer(f"/admin/drivers/{driver}/risk")
    factors = answer["factors"]
    assert sum(factor["points"] for factor in factors) == pytest.approx(answer["risk_score"], abs=1e-9)
    above = sum(factor["above_average"] for factor in factors)
    assert above == pytest.approx(answer["risk_score"] - answer["average_score"], abs=1e-9)
    found = by_name(answer)
    exposure = Exposure(
        distance_m=round(answer["distance_km"] * 1000),
        speeding_m=round(found["speeding_share"]["amount"] * 1000),
        night_m=round(found["night_share"]["amount"] * 1000),
        **{name: found[name]["amount"] for name in found if not name.endswith("_share")},
    )
    assert risk(DEFAULT, exposure).score == answer["risk_score"]


async def test_reasons_in_words(api: Api, driver: str) -> None:
    """Far too fast is worse than braking; driving at night is not unusual here, so it is the last."""
    answer = await api.answer(f"/admin/drivers/{driver}/risk")
    found = by_name(answer)
    codes = [reason["code"] for reason in answer["reasons"]]
    assert codes == ["speeding_share_above_average", "harsh_braking_above_average", "night_share_above_average"]
    braking = answer["reasons"][1]
    assert braking["trip_id"] == found["harsh_braking"]["trips"][0]["trip_id"]
    assert braking["text"].startswith(f"Harsh braking: 56 in {answer['distance_km']:.1f} km, ")
    assert braking["text"].endswith(f" Most in a trip on {in_words(99)}: 10.")
    assert {one["factor"]: one["risk_score"] for one in answer["lower"]} == {
        name: factor["score_without"] for name, factor in found.items() if factor["amount"]
    }


async def test_a_dismissed_event_is_not_behind_a_factor(api: Api, driver: str) -> None:
    async with api.database.write() as session:
        await session.execute(
            "UPDATE safety_events SET state = 'dismissed' WHERE event_id = "
            "(SELECT event_id FROM safety_events WHERE event_type = 'harsh_braking' ORDER BY event_id DESC LIMIT 1)"
        )
    found = by_name(await api.answer(f"/admin/drivers/{driver}/risk"))["harsh_braking"]
    first, second = found["trips"][:2]
    assert [event["trip_id"] for event in found["events"]] == [first["trip_id"]] * 9 + [second["trip_id"]]


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Denver"])
async def test_the_window_begins_at_midnight_where_the_fleet_is(api: Api, zone: str) -> None:
    """What the days have added up is what the trips have."""
    await delivered(api.database, zone)
    answer = await api.answer(f"/admin/drivers/{await only_driver(api)}/risk")
    for factor in answer["factors"]:
        parts = [trip["amount"] for trip in factor["trips"]]
        assert sum(parts) == pytest.approx(factor["amount"]) or len(parts) == 10, factor["factor"]
    days = {date.fromisoformat(trip["day"]) for factor in answer["factors"] for trip in factor["trips"]}
    assert min(days) >= date.fromisoformat(answer["window_first_day"])
    last = date.fromisoformat(answer["day"])
    assert last - date.fromisoformat(answer["window_first_day"]) == timedelta(days=89)


async def test_too_little_driving_is_said(api: Api) -> None:
    ingest = await fleet.open_ingest(api.database)
    await fleet.deliver(ingest, "A", drive(0, 2000, every=20, alarms=BRAKING))
    answer = await api.answer(f"/admin/drivers/{await only_driver(api)}/risk")
    assert (answer["risk_score"], answer["average_score"], answer["factors"], answer["lower"]) == (None, None, [], [])
    [reason] = answer["reasons"]
    assert (reason["code"], reason["text"]) == (
        "too_little_driving",
        f"No score: 20.0 km in the 90 days up to {in_words(0)} say too little. It takes 50 km.",
    )
