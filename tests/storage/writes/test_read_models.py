"""The read models against sums over the trips that are written down a second time here, in other words."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from roadlens.domain import EventType
from roadlens.storage.database import Database
from roadlens.storage.writes import read_models
from roadlens.telemetry.batch import Fix
from roadlens.telemetry.delivery import Ingest
from tests.support import fleet
from tests.support.fleet import NOON, drive

DAY_S = 86_400
KINDS = ("harsh_braking", "rapid_acceleration", "harsh_cornering", "speeding", "phone_use")

_EVENTS_OF_DAY = ", ".join(
    f"(SELECT count(*) FROM safety_events JOIN trips USING (trip_id) "
    f"WHERE event_type = '{kind}' AND started_at::date = on_day)"
    for kind in KINDS
)

# Each pair: what a read model says, and what the trips and events themselves say.
SAME = {
    "totals": (
        "SELECT sum(trips), sum(events), sum(distance_m), sum(drivers), sum(vehicles), sum(devices) FROM fleet_totals",
        """SELECT (SELECT count(*) FROM trips), (SELECT count(*) FROM safety_events),
            (SELECT coalesce(sum(distance_m), 0) FROM trips), (SELECT count(*) FROM drivers),
            (SELECT count(*) FROM vehicles), (SELECT count(*) FROM devices)""",
    ),
    "days of the fleet": (
        f"""SELECT day, sum(trips), sum(score_sum), {", ".join(f"sum({kind})" for kind in KINDS)} FROM trip_day
            GROUP BY day HAVING sum(trips) > 0 ORDER BY day""",
        f"""SELECT on_day, (SELECT count(*) FROM trips WHERE started_at::date = on_day),
            (SELECT sum(trip_score) FROM trips WHERE started_at::date = on_day), {_EVENTS_OF_DAY}
            FROM (SELECT DISTINCT started_at::date AS on_day FROM trips) AS days ORDER BY on_day""",
    ),
    "days of drivers": (
        f"""SELECT driver_id, day, trips, distance_m, duration_s, moving_s, night_m, rush_hour_m, weekend_m, speeding_m,
            top_speed_kmh, {", ".join(KINDS)} FROM driver_day ORDER BY driver_id, day""",
        f"""SELECT driver_id, started_at::date AS on_day, count(*), sum(distance_m), sum(duration_s), sum(moving_s),
            sum(night_m), sum(rush_hour_m), sum(weekend_m), sum(speeding_m), max(top_speed_kmh),
            {", ".join(f"sum({kind})" for kind in KINDS)} FROM trips GROUP BY 1, 2 ORDER BY driver_id, on_day""",
    ),
    "summaries": (
        """SELECT driver_id, trips, distance_m, events, last_trip_at, risk_score, risk_level, scored_day
            FROM driver_summary ORDER BY driver_id""",
        """SELECT driver_id, (SELECT count(*) FROM trips WHERE trips.driver_id = drivers.driver_id),
            (SELECT coalesce(sum(distance_m), 0) FROM trips WHERE trips.driver_id = drivers.driver_id),
            (SELECT count(*) FROM safety_events WHERE safety_events.driver_id = drivers.driver_id),
            (SELECT max(started_at) FROM trips WHERE trips.driver_id = drivers.driver_id), risk_score, risk_level, day
            FROM drivers LEFT JOIN (SELECT driver_id, max(day) AS day FROM risk_scores GROUP BY driver_id) AS newest
                USING (driver_id) LEFT JOIN risk_scores USING (driver_id, day) ORDER BY driver_id""",
    ),
    "histogram": (
        """SELECT bucket, sum(drivers), sum(score_sum) FROM risk_histogram
            GROUP BY bucket HAVING sum(drivers) > 0 ORDER BY bucket""",
        """SELECT ceil(risk_score) AS bucket, count(*), sum(risk_score) FROM (
                SELECT DISTINCT ON (driver_id) risk_score FROM risk_scores ORDER BY driver_id, day DESC
            ) AS latest WHERE risk_score IS NOT NULL GROUP BY 1 ORDER BY bucket""",
    ),
    "days driven and days scored": (
        "SELECT driver_id, day FROM risk_scores ORDER BY 1, 2",
        "SELECT DISTINCT driver_id, started_at::date FROM trips ORDER BY 1, 2",
    ),
    "counts of trips": (
        f"SELECT trip_id, {', '.join(KINDS)} FROM trips ORDER BY trip_id",
        f"""SELECT trip_id, {", ".join(f"count(*) FILTER (WHERE event_type = '{kind}')" for kind in KINDS)}
            FROM trips LEFT JOIN safety_events USING (trip_id) GROUP BY trip_id ORDER BY trip_id""",
    ),
}


async def differences(database: Database) -> dict[str, Any]:
    async with database.read() as session:
        return {
            name: (said, meant)
            for name, statements in SAME.items()
            for said, meant in [[await session.tuples(statement) for statement in statements]]
            if said != meant
        }


def month(offset_s: float, every: int = 1) -> list[Fix]:
    """A long drive each day, some across midnight, with alarms of every type."""
    fixes: list[Fix] = []
    for day in range(0, 30, every):
        route = drive(offset_s + day * DAY_S, 900, 80.0 + day, every=20)
        for index in range(3, len(route), 7 + day):
            route[index] = route[index]._replace(alarms=1 << (index + day) % 5)
        fixes += route
    return fixes


async def fleet_of_five(database: Database) -> Ingest:
    ingest = await fleet.open_ingest(database)
    for number in range(5):
        await fleet.deliver(ingest, f"DEV-{number}", month(number * 9000, every=1 + number))
    return ingest


async def test_they_hold_what_the_trips_say(database: Database) -> None:
    await fleet_of_five(database)
    assert await differences(database) == {}
    assert len((await fleet.rows(database))["risk_histogram"]) > 1


async def test_they_follow_when_trips_grow_split_and_join(database: Database) -> None:
    ingest = await fleet_of_five(database)
    for late in (
        [fleet.fix(450, 30.0, alarms=EventType.PHONE_USE.bit)],
        [fleet.fix(500 + second, digest=-1) for second in range(0, 400, 20)],
        drive(3000, 300, 150.0),
        [fleet.fix(920 + 60 * minute, 20.0, digest=-1) for minute in range(40)],
        [fleet.fix(-40 * DAY_S + second, 50.0, latitude=41 + second / 8000) for second in range(0, 900, 10)],
    ):
        before = await fleet.rows(database)
        await fleet.deliver(ingest, "DEV-0", late)
        assert (await fleet.rows(database))["trips"] != before["trips"]
        assert await differences(database) == {}


async def test_they_follow_when_a_trip_goes(database: Database) -> None:
    """Second reports of all moments say that the vehicle stood: the day, its score and the totals go with the trip."""
    ingest = await fleet.open_ingest(database)
    await fleet.deliver(ingest, "A", drive(0, 6000, every=20))
    await fleet.deliver(ingest, "A", [each._replace(speed_kmh=0.0, digest=-1) for each in drive(0, 6000, every=20)])
    found = await fleet.rows(database)
    empty = ("trips", "safety_events", "driver_day", "risk_scores", "trip_day", "risk_histogram")
    assert [found[name] for name in empty] == [[]] * len(empty)
    assert await differences(database) == {}


async def test_two_drivers_of_one_device_have_their_own_days(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    await fleet.make_people(database, ("DRV-A", "DRV-B"))
    await fleet.deliver(ingest, "A", month(0), register=False)
    handover = NOON + timedelta(days=10, minutes=5)
    await ingest.assign("A", "DRV-A", "VEH-1", valid_to=handover, actor="test")
    await ingest.assign("A", "DRV-B", "VEH-1", valid_from=handover, actor="test")
    assert await differences(database) == {}
    assert [row["trips"] for row in (await fleet.rows(database))["driver_summary"]] == [11, 20]


async def test_a_score_that_stays_moves_nobody(database: Database) -> None:
    async with database.write() as session:
        await read_models.move_scores(session, {"DRV-1": Decimal("40.00")}, {"DRV-1": Decimal("40.00")})
        await read_models.move_scores(session, {"DRV-1": None}, {"DRV-1": None})
        assert await session.tuples("SELECT * FROM risk_histogram") == []


async def test_scores_fall_in_the_bucket_of_their_level(database: Database) -> None:
    scores = {"A": Decimal("40.00"), "B": Decimal("40.01"), "C": Decimal("0.00"), "D": Decimal("100.00"), "E": None}
    async with database.write() as session:
        await read_models.move_scores(session, dict.fromkeys(scores), scores)
        found = await session.tuples("SELECT bucket, drivers, score_sum FROM risk_histogram ORDER BY bucket")
    assert found == [(0, 1, 0), (40, 1, 40), (41, 1, Decimal("40.01")), (100, 1, 100)]
