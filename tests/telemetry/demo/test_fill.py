"""A small fleet on a real database: everything a dashboard shows is there, and nothing is ever added twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from roadlens.domain import EVENT_TYPES
from roadlens.errors import Conflict
from roadlens.storage.database import Database
from roadlens.storage.writes import fleet
from roadlens.telemetry.batch import Reason
from roadlens.telemetry.demo.fill import DRIVERS, Plan, fill, pending
from roadlens.telemetry.demo.people import enlist
from roadlens.telemetry.doctor import differences

UNTIL = datetime(2026, 3, 20, 18, 30, tzinfo=UTC)
A_DAY = timedelta(days=1)
# Neither holds what depends on the order in which rows are written.
CONTENT = (
    "SELECT * FROM trips ORDER BY trip_id",
    "SELECT * FROM safety_events ORDER BY event_id",
    "SELECT * FROM risk_scores ORDER BY driver_id, day",
    "SELECT driver_id, first_name, last_name, email FROM drivers ORDER BY driver_id",
    "SELECT vehicle_id, vin FROM vehicles ORDER BY vehicle_id",
    "SELECT device_id, driver_id, vehicle_id, valid_from, valid_to FROM device_assignments ORDER BY assignment_id",
    "SELECT count(*), sum(digest) FROM positions",
    "SELECT count(*) FROM audit_log",
)


async def fill_small(database: Database, **changed: Any) -> Any:
    return await fill(database, **{"drivers": 12, "days": 10, "seed": 1, "until": UNTIL, **changed})


async def content(database: Database, *statements: str) -> list[list[tuple[Any, ...]]]:
    async with database.read() as session:
        return [await session.tuples(statement) for statement in statements or CONTENT]


async def test_a_fleet_shows_everything_a_dashboard_can_show(database: Database) -> None:
    shares: list[float] = []
    summary = await fill_small(database, progress=shares.append)
    assert summary.drivers_added == 12
    assert shares[-1] == 1.0
    kinds, scored, last, drivers = await content(
        database,
        "SELECT event_type, array_agg(DISTINCT source) FROM safety_events GROUP BY event_type",
        "SELECT count(*) FROM driver_summary WHERE risk_score IS NOT NULL",
        "SELECT max(day), max(ended_at) FROM trips",
        "SELECT min(driver_id), max(driver_id) FROM drivers",
    )
    assert {kind for kind, _ in kinds} == {kind.value for kind in EVENT_TYPES}
    assert {source for _, sources in kinds for source in sources} == {"device", "gps"}
    assert 8 <= scored[0][0] < 12
    assert last[0][0] == UNTIL.date()
    assert UNTIL - timedelta(hours=2) < last[0][1] <= UNTIL
    assert drivers == [("DRV-0001", "DRV-0012")]
    assert await differences(database) == []


async def test_batches_that_are_delivered_at_once_add_up(database: Database) -> None:
    summary = await fill_small(database, drivers=30, days=40)
    assert summary.outcome.kept > 50_000, "fewer are one batch"
    assert await differences(database) == []


async def test_twice_changes_nothing(database: Database) -> None:
    first = await fill_small(database)
    before = await content(database)
    second = await fill_small(database)
    assert await content(database) == before
    assert (second.drivers_added, second.outcome.kept, second.outcome.trips) == (0, 0, 0)
    assert second.outcome.dropped == {Reason.DUPLICATE: first.outcome.kept}


async def test_a_later_run_adds_what_has_been_driven_since(database: Database) -> None:
    """As if it had been filled at the later moment in the first place."""
    await fill_small(database, until=UNTIL - 2 * A_DAY, days=8)
    (early,) = await content(database, CONTENT[0])
    await fill_small(database)
    (late,) = await content(database, CONTENT[0])
    assert set(early) < set(late)
    assert max(trip[6] for trip in late) == UNTIL.date()
    assert (await fill_small(database)).outcome.kept == 0
    assert await differences(database) == []


async def test_more_drivers_join_the_ones_there(database: Database) -> None:
    await fill_small(database, drivers=5)
    (names,) = await content(database, CONTENT[3])
    assert (await fill_small(database)).drivers_added == 7
    (more,) = await content(database, CONTENT[3])
    assert more[:5] == names
    assert len(more) == 12


async def test_an_interrupted_fill_is_pending_until_it_is_completed(database: Database) -> None:
    assert await pending(database) == Plan(DRIVERS)

    def power_cut(_share: float) -> None:
        raise KeyError("power cut")

    with pytest.raises(KeyError):
        await fill_small(database, progress=power_cut)
    plan = await pending(database)
    assert plan == Plan(drivers=12, days=10, seed=1)
    await fill_small(database, drivers=11)
    assert await pending(database) == plan, "a smaller fleet does not complete it"
    await fill(database, until=UNTIL, **plan._asdict())
    assert await pending(database) is None
    assert await differences(database) == []


async def test_another_seed_is_refused_where_a_fleet_is(database: Database) -> None:
    await fill_small(database, drivers=3, days=2)
    before = await content(database)
    with pytest.raises(Conflict, match="use --seed 1, or an empty database"):
        await fill_small(database, seed=2)
    assert await content(database) == before


async def test_drivers_that_are_there_stay_and_a_taken_address_is_refused(database: Database) -> None:
    (someone,) = enlist(1, 1, UNTIL - 10 * A_DAY, UNTIL)
    async with database.write() as session:
        assert await fleet.add_drivers(session, [someone.driver._replace(licence_number=None)]) == ["DRV-0001"]
    assert await pending(database) is None
    with pytest.raises(Conflict, match="e-mail"):
        await fill_small(database)
    async with database.write() as session:
        await session.execute("UPDATE drivers SET email = NULL")
    assert (await fill_small(database, drivers=2, days=2)).drivers_added == 2
