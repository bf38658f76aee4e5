"""With a speeding event that is dismissed goes what was driven above the limit in it, out of all sums, until undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import numpy as np

from roadlens.domain import EventState, EventType
from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.database import Database
from roadlens.telemetry import assignments, reviews
from roadlens.telemetry.assignments import cut_all_again
from roadlens.telemetry.batch import Fix
from roadlens.telemetry.delivery import Ingest
from roadlens.telemetry.doctor import differences
from roadlens.telemetry.reviews import Decision
from roadlens.telemetry.switching import switch
from tests.support import fleet
from tests.support.fleet import northwards
from tests.support.odd_drives import odd_drive
from tests.support.score_versions import rebuild
from tests.telemetry.test_switching import asked, holds, started

DAY_S = 86_400
SPEEDING = EventType.SPEEDING
DISMISSED, UNDECIDED = Decision(EventState.DISMISSED), Decision(EventState.NEEDS_REVIEW)


def hurried(start: float) -> list[Fix]:
    """An hour at 90 km/h, twice at 120 for some minutes; the device says that 90 are allowed."""

    def speed(second: int) -> float:
        return 120.0 if 600 <= second < 900 or 1800 <= second < 1900 else 90.0

    return northwards([(start + second, speed(second)) for second in range(0, 3600, 10)], speed_limit_kmh=90.0)


async def decide(database: Database, decision: Decision, *ids: Any) -> None:
    async with database.write() as session:
        await reviews.review(session, "test", [UUID(str(each)) for each in ids], decision)


async def events(database: Database) -> list[dict[str, Any]]:
    found = (await fleet.rows(database))["safety_events"]
    return [event for event in found if event["event_type"] == SPEEDING]


async def cut_again(database: Database) -> bool:
    """Cut everything from its positions; whether that changed anything."""
    async with database.write() as session:
        devices = [device for (device,) in await session.tuples("SELECT device_id FROM devices ORDER BY 1")]
        return bool(await cut_all_again(session, devices))


def speeding(row: Mapping[str, Any]) -> tuple[int, int, int]:
    return row["speeding"], row["speeding_m"], row["speeding_s"]


async def test_all_that_counts_it_follows_and_undoing_gives_back_what_was_there(
    database: Database, ingest: Ingest
) -> None:
    for day in range(3):
        await fleet.deliver(ingest, "A", hurried(day * DAY_S))
    before = await fleet.rows(database)
    (long, short, *_) = await events(database)
    assert [speeding(trip) for trip in before["trips"]] == [(2, 13_250, 400)] * 3
    assert (long["speeding_m"], long["speeding_s"], short["speeding_m"], short["speeding_s"]) == (9958, 300, 3292, 100)
    await decide(database, DISMISSED, long["event_id"])
    after = await fleet.rows(database)
    assert speeding(after["trips"][0]) == (1, 3_292, 100)
    assert after["trips"][1:] == before["trips"][1:]
    assert [day["speeding_m"] for day in after["driver_day"]] == [3_292, 13_250, 13_250]
    assert all(
        now["risk_score"] < then["risk_score"]
        for now, then in zip(after["risk_scores"], before["risk_scores"], strict=True)
    )
    assert await differences(database) == []
    assert not await cut_again(database)
    await decide(database, DISMISSED, short["event_id"])
    (trip, *_) = (await fleet.rows(database))["trips"]
    assert (speeding(trip), str(trip["trip_score"])) == ((0, 0, 0), "100.0")
    await decide(database, UNDECIDED, long["event_id"], short["event_id"])
    assert await fleet.rows(database) == before
    assert await differences(database) == []


async def test_a_late_position_and_an_alarm_leave_it_out(database: Database, ingest: Ingest) -> None:
    """Late are a fix inside of the dismissed event, and then an alarm that stands for all of it from there on."""
    fixes = hurried(0)
    await fleet.deliver(ingest, "A", fixes[:70] + fixes[71:])
    (long, _) = await events(database)
    await decide(database, DISMISSED, long["event_id"])
    left = (1, 3_292, 100)
    await fleet.deliver(ingest, "A", [fixes[70]])
    assert speeding((await fleet.rows(database))["trips"][0]) == left
    await fleet.deliver(ingest, "A", [fixes[61]._replace(alarms=SPEEDING.bit, digest=1)])
    found = await fleet.rows(database)
    assert [(each["source"], each["state"]) for each in await events(database)] == [
        ("device", "dismissed"),
        ("gps", "needs_review"),
    ]
    assert speeding(found["trips"][0]) == left
    assert await differences(database) == []
    assert not await cut_again(database)


async def test_of_two_alarms_in_one_stretch_each_takes_its_own(database: Database, ingest: Ingest) -> None:
    fixes = hurried(0)
    for place in (62, 80):
        fixes[place] = fixes[place]._replace(alarms=SPEEDING.bit)
    await fleet.deliver(ingest, "A", fixes)
    before = await fleet.rows(database)
    (one, two, _) = await events(database)
    assert one["speeding_m"] + two["speeding_m"] == 9_958
    await decide(database, DISMISSED, one["event_id"])
    assert (await fleet.rows(database))["trips"][0]["speeding_m"] == 13_250 - one["speeding_m"]
    await decide(database, DISMISSED, two["event_id"])
    assert (await fleet.rows(database))["trips"][0]["speeding_m"] == 3_292
    await decide(database, UNDECIDED, two["event_id"], one["event_id"])
    assert await fleet.rows(database) == before


async def test_an_assignment_takes_the_drive_to_somebody_else_as_it_is(database: Database, ingest: Ingest) -> None:
    await fleet.make_people(database, ["DRV-1", "DRV-2"])
    await fleet.make_devices(database, ["A"])
    await ingest.assign("A", "DRV-1", "VEH-1", actor="test")
    await fleet.deliver(ingest, "A", hurried(0))
    await decide(database, DISMISSED, (await events(database))[0]["event_id"])
    async with database.write() as session:
        await assignments.correct(session, "test", 1, {"driver_id": "DRV-2"}, None)
    found = await fleet.rows(database)
    assert [(trip["driver_id"], *speeding(trip)) for trip in found["trips"]] == [("DRV-2", 1, 3_292, 100)]
    assert [(day["driver_id"], day["speeding_m"]) for day in found["driver_day"]] == [("DRV-2", 3_292)]
    assert await differences(database) == []


async def test_it_needs_no_positions(database: Database, ingest: Ingest) -> None:
    await fleet.deliver(ingest, "A", hurried(0))
    async with database.write() as session:
        await session.execute("DELETE FROM positions")
    before = await fleet.rows(database)
    ids = [event["event_id"] for event in await events(database)]
    await decide(database, DISMISSED, *ids)
    assert speeding((await fleet.rows(database))["trips"][0]) == (0, 0, 0)
    await decide(database, UNDECIDED, *ids)
    assert await fleet.rows(database) == before


async def test_an_event_of_which_nobody_knows_takes_nothing_until_it_is_cut_again(
    database: Database, ingest: Ingest
) -> None:
    """As those are that were there before metres were kept."""
    await fleet.deliver(ingest, "A", hurried(0))
    async with database.write() as session:
        await session.execute("UPDATE safety_events SET speeding_m = NULL, speeding_s = NULL")
    (long, _) = await events(database)
    await decide(database, DISMISSED, long["event_id"])
    assert speeding((await fleet.rows(database))["trips"][0]) == (1, 13_250, 400)
    assert await differences(database) == []
    assert await cut_again(database)
    assert speeding((await fleet.rows(database))["trips"][0]) == (1, 3_292, 100)
    assert await differences(database) == []


async def test_whatever_is_dismissed_of_odd_drives_is_as_if_cut_so(database: Database) -> None:
    """Arithmetic on rows comes to what a cut with the same reviews comes to; and all undone is what was there."""
    rules = DEFAULT.as_dict() | {"speed_limit_otherwise_kmh": 60.0, "same_episode_s": 20.0}
    ingest = await fleet.open_ingest(database, type(DEFAULT).from_dict(rules))
    chance = np.random.default_rng(11)
    for number in range(12):
        fixes = [Fix(*each.tolist()[1:]) for each in odd_drive(chance)]
        await fleet.deliver(ingest, f"DEV-{number}", fixes)
    before, found = await fleet.rows(database), await events(database)
    chosen = [event["event_id"] for event in found if chance.random() < 0.6]
    assert len(found) > len(chosen) > 10
    assert any(event["speeding_m"] for event in found if event["event_id"] in chosen and event["source"] == "device")
    for part in np.array_split(np.array(chosen), 4):
        await decide(database, DISMISSED, *part.tolist())
        assert await differences(database) == []
    metres = [sum(trip["speeding_m"] for trip in rows["trips"]) for rows in (before, await fleet.rows(database))]
    gone = sum(event["speeding_m"] for event in found if event["state"] != "dismissed" and event["event_id"] in chosen)
    assert metres[0] - metres[1] >= gone > 0
    assert not await cut_again(database)
    dismissed = [event["event_id"] for event in await events(database) if event["state"] == "dismissed"]
    await decide(database, UNDECIDED, *dismissed)
    assert await fleet.rows(database) == before
    assert not await cut_again(database)


async def test_speeding_that_is_dismissed_is_in_no_share_of_the_other_version(database: Database) -> None:
    """One event is dismissed before history is scored, one after, which has its device cut again."""
    ingest = await started(database)
    for day in (1, 2):
        fast = northwards([(day * DAY_S + 40_000 + second, 150.0) for second in range(0, 600, 10)])
        await fleet.deliver(ingest, "A", fast)
    first, second = await asked(database, "SELECT event_id FROM safety_events WHERE event_type = 'speeding' ORDER BY 1")
    share = "SELECT speeding_m, speeding_s FROM trips WHERE speeding_m > 0"
    assert len(await asked(database, share)) == 2
    await decide(database, DISMISSED, *first)
    await rebuild(database, 2)
    assert await asked(database, "SELECT count(*) FROM rescored_trips WHERE speeding_m > 0") == [(1,)]
    await decide(database, DISMISSED, *second)
    await switch(database, 2, actor="test")
    await holds(database, 2)
    assert await asked(database, share) == []
    await decide(database, UNDECIDED, *first)
    await holds(database, 2)
    assert len(await asked(database, share)) == 1
