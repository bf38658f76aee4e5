"""The dashboard's numbers, against a fleet where they are known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.support.api import Api
from tests.support.known_fleet import FACTORS, days_ago
from tests.support.rows import add_score

EMPTY_COUNTS = dict.fromkeys(
    ("harsh_braking", "rapid_acceleration", "harsh_cornering", "speeding", "phone_use"),
    0,
)


async def test_stats(fleet: Api) -> None:
    stats = await fleet.answer("/admin/dashboard/stats")
    assert stats["totals"] == {"drivers": 4, "users": 2, "vehicles": 4, "devices": 4, "trips": 42, "events": 6}
    assert [driver["driver_id"] for driver in stats["recent_drivers"]] == [f"DRV-000{n}" for n in (4, 3, 2, 1)]
    assert [user["username"] for user in stats["recent_users"]] == ["viewer", "admin"]


async def test_the_mean_risk_weighs_drivers_not_trips(fleet: Api) -> None:
    assert await fleet.answer("/admin/dashboard/summary") == {
        "total_drivers": 4,
        "total_vehicles": 4,
        "total_trips": 42,
        "avg_risk_score": 50.0,
    }


async def test_trip_activity_has_every_day_and_today_last(fleet: Api) -> None:
    week = await fleet.answer("/admin/dashboard/trip-activity")
    today = datetime.now(UTC).date()
    assert [day["date"] for day in week] == [str(today - timedelta(days=ago)) for ago in range(6, -1, -1)]
    assert {day["date"]: (day["trip_count"], day["avg_score"]) for day in week if day["trip_count"]} == {
        str(days_ago(2).date()): (40, 90.0),
        str(days_ago(1).date()): (1, 70.1),
    }
    assert all(day["avg_score"] is None for day in week if not day["trip_count"])
    assert len(await fleet.answer("/admin/dashboard/trip-activity", days=1)) == 1
    assert len(await fleet.answer("/admin/dashboard/trip-activity", days=30)) == 30


async def test_days_are_those_of_the_installations_time_zone(fleet: Api) -> None:
    """On Kiritimati (UTC+14) and at Baker Island (UTC-12) it is never the same day."""
    todays = []
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        async with fleet.database.write() as session:
            await session.execute("UPDATE installation SET timezone = :zone", {"zone": zone})
        todays.append((await fleet.answer("/admin/dashboard/trip-activity", days=1))[0]["date"])
    assert todays[0] > todays[1]


async def test_risk_distribution_adds_up(fleet: Api) -> None:
    shares = await fleet.answer("/admin/dashboard/risk-distribution")
    assert [(share["risk_level"], share["driver_count"]) for share in shares] == [
        ("low", 1),
        ("medium", 1),
        ("high", 1),
    ]
    assert sum(share["percentage"] for share in shares) == 100


async def test_safety_events_of_the_last_days(fleet: Api) -> None:
    def counts(answer: list[dict[str, int | str]]) -> dict[int | str, int | str]:
        return {entry["event_type"]: entry["count"] for entry in answer}

    month = await fleet.answer("/admin/dashboard/safety-events")
    assert counts(month) == EMPTY_COUNTS | {"harsh_braking": 2, "speeding": 1}
    year = await fleet.answer("/admin/dashboard/safety-events", days=365)
    assert counts(year) == EMPTY_COUNTS | {"harsh_braking": 2, "speeding": 1, "phone_use": 3}
    assert counts(await fleet.answer("/admin/dashboard/safety-events", days=1)) == EMPTY_COUNTS


async def test_an_empty_fleet(api: Api) -> None:
    summary = await api.answer("/admin/dashboard/summary")
    assert summary == {"total_drivers": 0, "total_vehicles": 0, "total_trips": 0, "avg_risk_score": None}
    shares = await api.answer("/admin/dashboard/risk-distribution")
    assert [(share["driver_count"], share["percentage"]) for share in shares] == [(0, 0)] * 3
    assert (await api.answer("/admin/dashboard/stats"))["recent_drivers"] == []
    assert len(await api.answer("/admin/dashboard/safety-events")) == 5


async def test_one_statement_each(fleet: Api) -> None:
    await fleet.trusting("/admin/users")  # who asks is known from here on
    for name in ("stats", "summary", "trip-activity", "risk-distribution", "safety-events"):
        with fleet.statements() as seen:
            await fleet.trusting(f"/admin/dashboard/{name}", seen)
        assert len(seen) == 1, name
        assert " trips AS" not in seen[0]
        assert "FROM trips" not in seen[0]


async def test_the_riskiest_come_first_with_what_makes_them_so(fleet: Api) -> None:
    with fleet.statements() as statements:
        found = await fleet.answer("/admin/dashboard/attention")
    assert len(statements) == 2, "who asks, and one"
    assert [(each["driver_id"], each["risk_score"], each["risk_level"]) for each in found] == [
        ("DRV-0003", 85.0, "high"),
        ("DRV-0002", 50.0, "medium"),
        ("DRV-0001", 15.0, "low"),
    ]
    assert [each["main_factor"] for each in found] == [None, None, FACTORS[0]]
    ada = found[-1]
    assert (ada["first_name"], ada["trips"], ada["distance_km"]) == ("Ada", 40, 400.0)
    assert ada["day"] == str(days_ago(2).date())
    listed = (await fleet.answer("/admin/drivers", sort="risk", limit=2, risk_level="high"))["drivers"]
    assert [each["driver_id"] for each in await fleet.answer("/admin/dashboard/attention", limit=1)] == [
        each["driver_id"] for each in listed
    ]


async def test_the_main_factor_is_the_largest_of_the_latest_score(fleet: Api) -> None:
    factors = [
        {**FACTORS[0], "points": points, "factor": name} for name, points in (("a", 0), ("b", 9.5), ("c", 10.25))
    ]
    async with fleet.database.write() as session:
        await add_score(session, "DRV-0002", "99", days_ago(0).date(), factors)
        await add_score(session, "DRV-0003", "98", days_ago(0).date(), factors[:1])
    first, second, _ = await fleet.answer("/admin/dashboard/attention")
    assert (first["driver_id"], first["main_factor"]["factor"]) == ("DRV-0002", "c")
    assert (second["driver_id"], second["main_factor"]) == ("DRV-0003", None)
