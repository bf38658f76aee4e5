"""The read models against sums over the trips that are written down a second time here, in other words."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from roadlens.domain import EventType, time_ordered_id, unix_microseconds
from roadlens.storage.database import Database, WriteSession
from roadlens.storage.trip_rows import TripRow
from roadlens.storage.writes import read_models, scores
from roadlens.storage.writes.scores import ScoredDay
from roadlens.telemetry.batch import Fix
from roadlens.telemetry.delivery import Ingest
from tests.support import fleet
from tests.support.fleet import NOON, drive

DAY_S = 86_400
_SET = {"trip_id": UUID(int=1), "driver_id": "DRV-1", "started_at": NOON, "day": NOON.date(), "trip_score": Decimal(0)}
TRIP = TripRow._make(_SET.get(name, 0) for name in TripRow._fields)
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


async def score(session: WriteSession, scored: dict[str, Decimal | None]) -> None:
    """Give the drivers these scores, and sum up."""
    for driver, number in scored.items():
        await add_score(session, driver, None if number is None else str(number), NOON.date())
    drive_once = [TRIP._replace(driver_id=driver) for driver in scored]
    await read_models.sum_up(session, drive_once, drive_once)


async def add_score(session: WriteSession, driver: str, number: str | None, day: date) -> None:
    row = ScoredDay(driver, day, None if number is None else Decimal(number), None, 0, [])
    await scores.put(session, [row], 1)


async def test_a_score_that_stays_moves_nobody(database: Database) -> None:
    await fleet.make_people(database, ("DRV-1", "DRV-2"))
    async with database.write() as session:
        await score(session, {"DRV-1": Decimal("40.00"), "DRV-2": None})
        await session.execute("DELETE FROM risk_histogram")
        await score(session, {"DRV-1": Decimal("40.00"), "DRV-2": None})
        assert await session.tuples("SELECT * FROM risk_histogram") == []


async def test_a_trip_that_only_moves_within_its_day_leaves_the_sums_alone(database: Database) -> None:
    await fleet.make_people(database, ("DRV-1",))
    written = "SELECT shard, xmin::text FROM fleet_totals UNION ALL SELECT shard, xmin::text FROM trip_day ORDER BY 1"
    async with database.write() as session:
        await read_models.sum_up(session, [], [TRIP])
    async with database.write() as session:
        before = await session.tuples(written)
        await read_models.sum_up(session, [TRIP], [TRIP._replace(started_at=NOON + timedelta(seconds=1))])
        assert await session.tuples(written) == before


async def test_scores_fall_in_the_bucket_of_their_level(database: Database) -> None:
    scored = {"A": Decimal("40.00"), "B": Decimal("40.01"), "C": Decimal("0.00"), "D": Decimal("100.00"), "E": None}
    await fleet.make_people(database, list(scored))
    async with database.write() as session:
        await score(session, scored)
        found = await session.tuples("SELECT bucket, drivers, score_sum FROM risk_histogram ORDER BY bucket")
    assert found == [(0, 1, 0), (40, 1, 40), (41, 1, Decimal("40.01")), (100, 1, 100)]


async def test_a_summary_shows_the_score_of_the_last_day_even_if_that_has_none(database: Database) -> None:
    await fleet.make_people(database, ("DRV-1", "DRV-2"))
    first, second = NOON.date(), NOON.date() + timedelta(days=1)
    async with database.write() as session:
        await add_score(session, "DRV-1", "12.30", second)
        await add_score(session, "DRV-1", "50.00", first)
        await read_models.sum_up(session, [TRIP], [TRIP])
        assert await session.value("SELECT risk_score FROM driver_summary WHERE driver_id = 'DRV-1'") == Decimal("12.3")
        await add_score(session, "DRV-1", None, second)
        await read_models.sum_up(session, [TRIP], [TRIP])
        found = await session.tuples("SELECT driver_id, risk_score, scored_day FROM driver_summary ORDER BY 1")
        left = await session.tuples("SELECT sum(drivers) FROM risk_histogram GROUP BY bucket")
    assert found == [("DRV-1", None, second), ("DRV-2", None, None)]
    assert left == [(0,)]


async def test_scores_that_are_told_count_if_no_stored_day_is_later(database: Database) -> None:
    await fleet.make_people(database, ("DRV-1",))
    days = [NOON.date() + timedelta(days=number) for number in range(3)]
    rows = [ScoredDay("DRV-1", day, Decimal(10 * number), "low", 0, []) for number, day in enumerate(days, 1)]
    summary = "SELECT risk_score, risk_level, scored_day FROM driver_summary"
    async with database.write() as session:
        for written, shown in ([rows[1]], rows[1]), ([rows[0]], rows[1]), ([rows[1], rows[2]], rows[2]), ([], rows[2]):
            await scores.put(session, written, 1)
            await read_models.sum_up(session, [TRIP], [TRIP], written)
            assert await session.tuples(summary) == [(shown.risk_score, shown.risk_level, shown.day)]
        await session.execute("DELETE FROM risk_scores WHERE day = :day", {"day": days[2]})
        await read_models.sum_up(session, [TRIP], [TRIP], [rows[1]])
        assert await session.tuples(summary) == [(rows[1].risk_score, rows[1].risk_level, rows[1].day)]
        assert await session.tuples("SELECT bucket FROM risk_histogram WHERE drivers > 0") == [(20,)]


def trip_id(unique_id: str, seconds: float) -> UUID:
    started = NOON + timedelta(seconds=seconds)
    return time_ordered_id(started, f"{unique_id}|{unix_microseconds(started)}".encode())


async def test_of_trips_that_begin_in_one_millisecond_the_last_is_the_one_of_the_greater_id(database: Database) -> None:
    """Two devices of a driver, in one order and the other: not the later microsecond counts, but the greater id."""
    early, late = 0.0001, 0.0009
    smaller = next(name for name in map(str, range(100)) if trip_id(name, late) < trip_id("A", early))
    ingest = await fleet.open_ingest(database)
    await fleet.make_people(database, ("DRV-1",))
    starts = {"A": early, smaller: late}
    await fleet.make_devices(database, list(starts))
    for unique_id in starts:
        await ingest.assign(unique_id, "DRV-1", "VEH-1", actor="test")
    for order in (list(starts), list(starts)[::-1]):
        await fleet.forget(database)
        for unique_id in order:
            await fleet.deliver(ingest, unique_id, drive(starts[unique_id], 300), register=False)
        async with database.read() as session:
            assert await session.value("SELECT max(trip_id::text) FROM trips") == str(trip_id("A", early))
            said = await session.value("SELECT last_trip_at FROM driver_summary")
        assert said == NOON + timedelta(seconds=early)
