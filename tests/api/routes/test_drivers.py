"""Drivers: the list in its orders and filters, one driver, and the statements they take."""

from __future__ import annotations

import asyncio
from itertools import chain, product
from typing import Any

from httpx import ASGITransport, AsyncClient

from roadlens.app import create_app
from roadlens.domain import Role
from roadlens.settings import Settings
from roadlens.storage.database import Database
from roadlens.wiring import Wiring
from tests.support.api import SECRET, Api
from tests.support.known_fleet import FACTORS, days_ago
from tests.support.rows import add_driver, add_trip


def ids(page: dict[str, Any]) -> list[int]:
    return [int(driver["driver_id"][-4:]) for driver in page["drivers"]]


async def test_a_driver_in_the_list(fleet: Api) -> None:
    page = await fleet.answer("/admin/drivers")
    assert {key: page[key] for key in ("total", "total_capped", "skip", "limit", "next")} == {
        "total": 4,
        "total_capped": False,
        "skip": 0,
        "limit": 100,
        "next": None,
    }
    ada, *_, di = page["drivers"]
    assert (ada["driver_id"], ada["first_name"], ada["last_name"]) == ("DRV-0001", "Ada", "Okafor")
    assert ada["vehicle"] == {
        "vehicle_id": "VEH-0001",
        "name": "Van 1",
        "make": "Ford",
        "model": None,
        "model_year": 2023,
        "plate": None,
    }
    assert ada["latest_score"] == {"risk_score": 15.0, "risk_level": "low", "day": str(days_ago(2).date())}
    assert (ada["risk_score"], ada["risk_level"], ada["trips"], ada["distance_km"]) == (15.0, "low", 40, 400.0)
    assert (di["latest_score"], di["risk_score"], di["risk_level"], di["last_trip_at"]) == (None, None, None, None)


ORDERS = [
    ("driver_id", [1, 2, 3, 4]),
    ("name", [3, 2, 4, 1]),
    ("risk", [4, 1, 2, 3]),
    ("last_trip", [4, 3, 1, 2]),
    ("created", [1, 2, 3, 4]),
]


async def test_orders_by_pages_of_every_size(fleet: Api) -> None:
    """By cursor or by skip, up or down: every driver once, in order, whatever the pages' size."""
    for (sort, upwards), order, limit in product(ORDERS, ("asc", "desc"), (1, 3, 4)):
        expected = upwards if order == "asc" else upwards[::-1]
        asked = {"sort": sort, "order": order, "limit": limit}
        pages = [await fleet.answer("/admin/drivers", **asked)]
        while after := pages[-1]["next"]:
            pages.append(await fleet.answer("/admin/drivers", **asked, after=after))
        assert list(chain.from_iterable(map(ids, pages))) == expected, asked
        assert {page["total"] for page in pages} == {4}
        assert ids(await fleet.answer("/admin/drivers", **asked, skip=1)) == expected[1 : 1 + limit], asked


async def test_without_an_order_the_likeliest_is_taken(fleet: Api) -> None:
    for sort, upwards in ORDERS:
        expected = upwards if sort in ("driver_id", "name") else upwards[::-1]
        assert ids(await fleet.answer("/admin/drivers", sort=sort)) == expected, sort


async def test_a_page_beyond_the_end_still_knows_the_total(fleet: Api) -> None:
    page = await fleet.answer("/admin/drivers", skip=10)
    assert (page["total"], page["drivers"], page["next"]) == (4, [], None)


async def test_filter_by_level(fleet: Api) -> None:
    for level, drivers in (("low", [1]), ("medium", [2]), ("high", [3])):
        for sort in ("driver_id", "name", "risk", "last_trip", "created"):
            page = await fleet.answer("/admin/drivers", risk_level=level, sort=sort)
            assert (ids(page), page["total"]) == (drivers, 1), (level, sort)


SEARCHES: list[tuple[str, list[int]]] = [
    ("ADA", [1, 3]),
    ("okafor", [1]),
    ("Ada Oka", [1]),
    ("drv-0002", [2]),
    ("example.com", [1, 4]),
    ("%", [4]),
    ("_%", [4]),
    ("i_", [4]),
    ("\\", []),
    ("'", [4]),
    ("' OR true --", []),
    ("'; DROP TABLE drivers; --", []),
    ("  ada  ", [1, 3]),
    ("   ", [1, 2, 3, 4]),
    (":pattern", []),
    ("🚚", []),
    ("k", [1]),
    ("oka ", [1]),
    ("a o", [1]),
    ("ü", []),
    ("\u0130", []),
    ("1 a", [1]),
]


async def test_search_is_text(fleet: Api) -> None:
    for search, drivers in SEARCHES:
        page = await fleet.answer("/admin/drivers", search=search)
        assert (ids(page), page["total"]) == (drivers, len(drivers)), search


async def test_search_and_level_together(fleet: Api) -> None:
    page = await fleet.answer("/admin/drivers", search="ada", risk_level="high", sort="risk")
    assert (ids(page), page["total"]) == ([3], 1)


async def test_the_total_of_a_search_is_capped(api: Api) -> None:
    async with api.database.write() as session:
        await session.execute(
            "INSERT INTO drivers (driver_id, first_name, last_name) "
            "SELECT 'DRV-' || number, 'Same', 'Name' FROM generate_series(1, 1001) AS number"
        )
    capped = await api.answer("/admin/drivers", search="same", limit=1)
    assert (capped["total"], capped["total_capped"]) == (1000, True)
    everybody = await api.answer("/admin/drivers", limit=1000)
    assert (everybody["total"], everybody["total_capped"], len(everybody["drivers"])) == (1001, False, 1000)
    assert len((await api.answer("/admin/drivers", limit=1000, after=everybody["next"]))["drivers"]) == 1


async def test_a_cursor_is_of_one_list(fleet: Api) -> None:
    cursor = (await fleet.answer("/admin/drivers", limit=1, sort="risk"))["next"]
    others: tuple[dict[str, Any], ...] = (
        {"sort": "name"},
        {"sort": "risk", "order": "asc"},
        {"sort": "risk", "search": "a"},
    )
    for params in others:
        assert (await fleet.get("/admin/drivers", after=cursor, **params)).status_code == 422
    assert (await fleet.get("/admin/users", after=cursor)).status_code == 422


async def test_one_driver(fleet: Api) -> None:
    ada = await fleet.answer("/admin/drivers/DRV-0001")
    assert ada["email"] == "ada@example.com"
    assert [(vehicle["vehicle_id"], vehicle["current"]) for vehicle in ada["vehicles"]] == [("VEH-0001", True)]
    assert ada["latest_score"] == {
        "risk_score": 15.0,
        "risk_level": "low",
        "day": str(days_ago(2).date()),
        "factors": FACTORS,
    }
    assert sum(factor["points"] for factor in ada["latest_score"]["factors"]) == ada["latest_score"]["risk_score"]
    assert (ada["totals"]["trips"], ada["totals"]["distance_km"], ada["totals"]["events"]) == (40, 400.0, 0)


async def test_vehicles_over_time(fleet: Api) -> None:
    """Two devices changed hands: the first driver drove the second's van once, and drives the third's too."""
    async with fleet.database.write() as session:
        await session.execute("UPDATE device_assignments SET valid_from = '2026-01-02Z' WHERE driver_id <> 'DRV-0001'")
        for vehicle, begin, end in (("VEH-0002", "2025-01-01Z", "2026-01-01Z"), ("VEH-0002", None, "2024-01-01Z")):
            await session.execute(
                "INSERT INTO device_assignments (device_id, vehicle_id, driver_id, valid_from, valid_to) "
                "SELECT device_id, :vehicle, 'DRV-0001', cast(:begin AS timestamptz), :end FROM devices "
                "WHERE unique_id = 'device-2'",
                {"vehicle": vehicle, "begin": begin, "end": end},
            )
    ada = await fleet.answer("/admin/drivers/DRV-0001")
    assert [
        (vehicle["vehicle_id"], vehicle["current"], vehicle["assigned_from"], vehicle["assigned_until"])
        for vehicle in ada["vehicles"]
    ] == [("VEH-0001", True, None, None), ("VEH-0002", False, None, "2026-01-01T00:00:00Z")]
    listed = await fleet.answer("/admin/drivers", limit=1)
    assert listed["drivers"][0]["vehicle"]["vehicle_id"] == "VEH-0001"


async def test_risk(fleet: Api) -> None:
    risk = await fleet.answer("/admin/drivers/DRV-0001/risk")
    assert (risk["risk_score"], risk["risk_level"], risk["score_version"], risk["window_days"]) == (15.0, "low", 1, 90)
    assert [{name: factor[name] for name in FACTORS[0]} for factor in risk["factors"]] == FACTORS
    assert [(past["day"], past["risk_score"], past["distance_km"]) for past in risk["history"]] == [
        (str(days_ago(9).date()), None, 9.0),
        (str(days_ago(2).date()), 15.0, 100.0),
    ]
    unscored = await fleet.answer("/admin/drivers/DRV-0004/risk")
    assert (unscored["risk_score"], unscored["day"], unscored["factors"], unscored["history"]) == (None, None, [], [])


async def test_statistics(fleet: Api) -> None:
    statistics = await fleet.answer("/admin/drivers/DRV-0002/statistics")
    assert (statistics["trips"], statistics["distance_km"], statistics["driven_days"]) == (1, 10.0, 1)
    assert (statistics["mean_speed_kmh"], statistics["top_speed_kmh"]) == (36.0, 80.5)
    assert statistics["events_per_100_km"]["harsh_braking"] == 20.0
    assert (statistics["rush_hour_share"], statistics["night_share"]) == (0.5, 0.0)
    long_ago = await fleet.answer("/admin/drivers/DRV-0003/statistics")
    assert (long_ago["trips"], long_ago["events_per_100_km"], long_ago["night_share"]) == (0, None, None)
    assert (await fleet.answer("/admin/drivers/DRV-0003/statistics", period_days=60))["trips"] == 1


async def test_a_drivers_trips(fleet: Api) -> None:
    first = await fleet.answer("/admin/drivers/DRV-0001/trips", limit=30)
    second = await fleet.answer("/admin/drivers/DRV-0001/trips", limit=30, after=first["next"])
    started = [trip["started_at"] for trip in first["items"] + second["items"]]
    assert (len(first["items"]), len(second["items"]), second["next"]) == (30, 10, None)
    assert started == sorted(set(started), reverse=True)
    assert await fleet.answer("/admin/drivers/DRV-0004/trips") == {"items": [], "next": None}


async def test_an_unknown_driver(fleet: Api) -> None:
    for path in ("", "/risk", "/statistics", "/trips"):
        response = await fleet.get(f"/admin/drivers/DRV-9999{path}")
        assert response.status_code == 404
        assert response.json()["type"] == "urn:roadlens:problem:not-found"


async def test_one_statement_each(fleet: Api) -> None:
    await fleet.trusting("/admin/users")  # who asks is known from here on
    for path in ("", "?risk_level=low&sort=name", "/DRV-0001", "/DRV-0001/risk", "/DRV-0001/trips"):
        with fleet.statements() as seen:
            await fleet.trusting(f"/admin/drivers{path}", seen)
        assert len(seen) == 1, path


async def test_two_statements_for_a_search(fleet: Api) -> None:
    await fleet.trusting("/admin/users")
    for path, count in (("?search=a&risk_level=low&sort=risk", 2), ("?search=nobody", 1)):
        with fleet.statements() as seen:
            await fleet.trusting(f"/admin/drivers{path}", seen)
        assert len(seen) == count, path


async def test_statements_do_not_grow_with_the_page(api: Api) -> None:
    async with api.database.write() as session:
        for number in range(1, 31):
            await add_driver(session, number)
            await add_trip(session, number, days_ago(1))
    with api.statements() as seen:
        assert len((await api.answer("/admin/drivers"))["drivers"]) == 30
    assert len(seen) == 2


async def test_one_connection_is_enough(api: Api, database_url: str) -> None:
    """Whoever held one while waiting for a second would wait for ever, as soon as enough others did the same."""
    await api.send("POST", "/admin/drivers", {"first_name": "Ada", "last_name": "Okafor"})
    narrow = Database.open(database_url, pool_size=1, max_connections=1)
    try:
        # Its feed is not running, so nothing is trusted and everybody is looked up in the request itself.
        app = create_app(Wiring(Settings.model_validate({"ROADLENS_SECRET_KEY": SECRET}), narrow, database_url))
        async with AsyncClient(transport=ASGITransport(app), base_url="http://roadlens.test") as client:
            headers = {"Authorization": f"Bearer {api.tokens[Role.VIEWER]}"}
            paths = [f"/api/v1/admin/drivers/DRV-0001{path}" for path in ("", "/risk", "/statistics", "/trips")]
            answers = await asyncio.gather(*(client.get(path, headers=headers) for path in paths))
        assert [answer.status_code for answer in answers] == [200] * 4
        assert {answer.headers["Cache-Status"] for answer in answers} == {"roadlens; fwd=bypass; detail=distrust"}
    finally:
        await narrow.close()
