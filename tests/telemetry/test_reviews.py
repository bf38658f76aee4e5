"""What an administrator decides about an event reaches everything that counts it, holds, and can be undone exactly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from roadlens.domain import EventState, EventType
from roadlens.errors import NotFound, PreconditionFailed
from roadlens.storage.database import Database
from roadlens.telemetry import assignments, reviews
from roadlens.telemetry.batch import Fix
from roadlens.telemetry.delivery import Ingest
from roadlens.telemetry.doctor import differences
from roadlens.telemetry.reviews import Decision, Outcome
from tests.support import fleet
from tests.support.fleet import NOON, drive
from tests.support.versions import current

DAY_S = 86_400
BRAKING, PHONE = EventType.HARSH_BRAKING.bit, EventType.PHONE_USE.bit
DISMISSED, UNDECIDED = Decision(EventState.DISMISSED), Decision(EventState.NEEDS_REVIEW, None, keep_note=False)


def alarmed(start: float, *places: int, seconds: int = 3000, kind: int = BRAKING) -> list[Fix]:
    """A drive of 30 km in which the device raises an alarm at these of its fixes."""
    fixes = drive(start, seconds)
    for place in places:
        fixes[place] = fixes[place]._replace(alarms=kind)
    return fixes


async def decide(database: Database, decision: Decision, *ids: str | UUID, expected: Any = None) -> list[Outcome]:
    async with database.write() as session:
        return await reviews.review(session, "test", [UUID(str(each)) for each in ids], decision, expected)


async def events(database: Database) -> list[dict[str, Any]]:
    return (await fleet.rows(database))["safety_events"]


def without_versions(rows: fleet.Rows) -> dict[str, list[dict[str, Any]]]:
    return {table: found for table, found in rows.items() if table != "device_progress"}


async def test_a_dismissed_event_counts_nowhere_and_an_undone_dismissal_was_never_there(
    database: Database, ingest: Ingest
) -> None:
    """Five days of 60 km each, two alarms a day: the first day's lie in the windows of all days."""
    for day in range(5):
        await fleet.deliver(ingest, "A", alarmed(day * DAY_S, 50, 120, seconds=6000))
    before = await fleet.rows(database)
    first = before["safety_events"][0]
    await decide(database, DISMISSED, first["event_id"])
    after = await fleet.rows(database)
    assert [event["state"] for event in after["safety_events"]] == ["dismissed", *["needs_review"] * 9]
    assert [trip["harsh_braking"] for trip in after["trips"]] == [1, 2, 2, 2, 2]
    assert after["trips"][0]["trip_score"] > before["trips"][0]["trip_score"]
    assert after["trips"][1:] == before["trips"][1:]
    assert [day["harsh_braking"] for day in after["driver_day"]] == [1, 2, 2, 2, 2]
    assert [day["harsh_braking"] for day in after["trip_day"]] == [1, 2, 2, 2, 2]
    assert (after["driver_summary"][0]["events"], after["fleet_totals"][0]["events"]) == (9, 9)
    scores = [
        (old["risk_score"], new["risk_score"])
        for old, new in zip(before["risk_scores"], after["risk_scores"], strict=True)
    ]
    assert len(scores) == 5
    assert all(new < old for old, new in scores)
    assert after["driver_summary"][0]["risk_score"] == scores[-1][1]
    assert await differences(database) == []
    await decide(database, UNDECIDED, first["event_id"])
    assert await fleet.rows(database) == before
    assert await differences(database) == []


async def test_what_is_coached_or_recognised_still_counts(database: Database, ingest: Ingest) -> None:
    await fleet.deliver(ingest, "A", alarmed(0, 50, 100))
    before = await fleet.rows(database)
    await decide(
        database,
        Decision(EventState.COACHED, "spoke with her", keep_note=False),
        before["safety_events"][0]["event_id"],
    )
    await decide(database, Decision(EventState.RECOGNISED), before["safety_events"][1]["event_id"])
    after = await fleet.rows(database)
    assert [event["state"] for event in after["safety_events"]] == ["coached", "recognised"]
    assert {**after, "safety_events": []} == {**before, "safety_events": []}
    assert await differences(database) == []


async def test_a_late_position_leaves_a_dismissal_alone(database: Database, ingest: Ingest) -> None:
    fixes = alarmed(0, 50, 100)
    await fleet.deliver(ingest, "A", fixes[3:])
    (first, _) = await events(database)
    await decide(database, DISMISSED, first["event_id"])
    await fleet.deliver(ingest, "A", fixes[:3])
    found = await fleet.rows(database)
    assert [event["state"] for event in found["safety_events"]] == ["dismissed", "needs_review"]
    assert found["trips"][0]["harsh_braking"] == 1
    assert await differences(database) == []


async def test_an_alarm_that_comes_late_takes_the_review_of_the_derivation(database: Database, ingest: Ingest) -> None:
    fixes = drive(0, 3000, 150.0)
    await fleet.deliver(ingest, "A", fixes)
    (derived,) = await events(database)
    assert (derived["event_type"], derived["source"]) == ("speeding", "gps")
    await decide(database, DISMISSED, derived["event_id"])
    first = next(each for each in fixes if each.speed_kmh > 100)
    await fleet.deliver(ingest, "A", [first._replace(alarms=EventType.SPEEDING.bit, digest=1)])
    (alarm,) = await events(database)
    assert (alarm["source"], alarm["state"]) == ("device", "dismissed")
    assert alarm["event_id"] != derived["event_id"] or alarm["source"] != derived["source"]
    assert await differences(database) == []


async def test_the_review_goes_with_the_drive_to_whom_it_belongs(database: Database, ingest: Ingest) -> None:
    await fleet.make_people(database, ["DRV-1", "DRV-2"], ["VEH-1"])
    await fleet.make_devices(database, ["A"])
    await ingest.assign("A", "DRV-1", "VEH-1", actor="test")
    await fleet.deliver(ingest, "A", alarmed(0, 50))
    await decide(database, DISMISSED, (await events(database))[0]["event_id"])
    async with database.write() as session:
        await assignments.correct(session, "test", 1, {"driver_id": "DRV-2"}, None)
        assert await session.tuples("SELECT driver_id, state FROM event_reviews") == [("DRV-2", "dismissed")]
    (event,) = await events(database)
    assert (event["driver_id"], event["state"]) == ("DRV-2", "dismissed")
    async with database.write() as session:
        await assignments.correct(session, "test", 1, {"valid_from": NOON + timedelta(days=1)}, None)
    assert await events(database) == []
    async with database.write() as session:
        await assignments.correct(session, "test", 1, {"valid_from": None}, None)
    assert [event["state"] for event in await events(database)] == ["dismissed"]
    assert await differences(database) == []
    async with database.write() as session:
        await assignments.remove_driver(session, "test", "DRV-2", None)
        assert await session.value("SELECT count(*) FROM event_reviews") == 0
    assert await differences(database) == []


async def test_a_trip_without_positions_is_counted_again_too(database: Database, ingest: Ingest) -> None:
    await fleet.deliver(ingest, "A", alarmed(0, 50, 100))
    async with database.write() as session:
        await session.execute("DELETE FROM positions")
    before = await fleet.rows(database)
    await decide(database, DISMISSED, before["safety_events"][0]["event_id"])
    assert (await fleet.rows(database))["trips"][0]["harsh_braking"] == 1
    await decide(database, UNDECIDED, before["safety_events"][0]["event_id"])
    assert await fleet.rows(database) == before


async def test_many_at_once_take_the_statements_of_one(database: Database, ingest: Ingest) -> None:
    for number in range(30):
        await fleet.deliver(ingest, f"DEV-{number}", alarmed(number * 100, 50, 100, 150))
    ids = [event["event_id"] for event in await events(database)]
    seen: list[str] = []
    stop = database.observe(lambda statement, _seconds: seen.append(statement))
    await decide(database, DISMISSED, ids[0])
    one = len(seen)
    seen.clear()
    outcomes = await decide(database, DISMISSED, *ids)
    stop()
    assert len(seen) <= one + 1, "some reviews are changed, others made"
    assert one < 25
    assert [outcome.event_id for outcome in outcomes] == sorted(map(UUID, ids))
    found = await fleet.rows(database)
    assert {trip["harsh_braking"] for trip in found["trips"]} == {0}
    assert found["fleet_totals"][0]["events"] == 0
    assert await differences(database) == []


async def test_what_says_the_same_is_not_written(database: Database, ingest: Ingest) -> None:
    await fleet.deliver(ingest, "A", alarmed(0, 50))
    ((event),) = await events(database)
    await decide(database, Decision(EventState.COACHED, "twice", keep_note=False), event["event_id"])
    for same in (Decision(EventState.COACHED), Decision(None, "twice", keep_note=False), Decision(None)):
        (outcome,) = await decide(database, same, event["event_id"])
        assert outcome.before == outcome.after
        assert outcome.after is not None
        assert outcome.after.version == 1
    (outcome,) = await decide(database, Decision(None, "thrice", keep_note=False), event["event_id"])
    assert outcome.said == (("coached", "thrice"), ("coached", "twice"))


async def test_one_that_is_not_there_or_that_somebody_else_decided_changes_nothing(
    database: Database, ingest: Ingest
) -> None:
    await fleet.deliver(ingest, "A", alarmed(0, 50))
    ((event),) = await events(database)
    before = await fleet.rows(database)
    with pytest.raises(NotFound, match="no event 00000000-0000-0000-0000-000000000001"):
        await decide(database, DISMISSED, event["event_id"], UUID(int=1))
    with pytest.raises(PreconditionFailed, match="version 0"):
        await decide(database, DISMISSED, event["event_id"], expected={1})
    assert await fleet.rows(database) == before
    await decide(database, DISMISSED, event["event_id"], expected={0})
    with pytest.raises(PreconditionFailed, match="version 1"):
        await decide(database, DISMISSED, event["event_id"], expected={0})


async def test_the_log_says_who_decided_what(database: Database, ingest: Ingest) -> None:
    await fleet.deliver(ingest, "A", alarmed(0, 50))
    ((event),) = await events(database)
    await decide(database, Decision(EventState.DISMISSED, "a dog", keep_note=False), event["event_id"])
    await decide(database, Decision(EventState.COACHED), event["event_id"])
    async with database.read() as session:
        noted = await session.tuples(
            "SELECT actor, action, before, after ->> 'state', after ->> 'note', after ->> 'driver_id', "
            "after ->> 'event_id' FROM audit_log WHERE entity = 'review' ORDER BY audit_id"
        )
    dog = {"state": "dismissed", "note": "a dog"}
    assert noted == [
        ("test", "create", None, "dismissed", "a dog", "DRV-0001", event["event_id"]),
        ("test", "update", dog, "coached", "a dog", "DRV-0001", event["event_id"]),
    ]


async def test_the_newest_review_holds_where_two_manoeuvres_became_one(database: Database, ingest: Ingest) -> None:
    """Two phone calls are more than a minute apart; a report between them makes them one episode."""
    fixes = alarmed(0, 50, 60, kind=PHONE)
    await fleet.deliver(ingest, "A", fixes)
    first, second = await events(database)
    await decide(database, DISMISSED, second["event_id"])
    await decide(database, Decision(EventState.COACHED), first["event_id"])
    await fleet.deliver(ingest, "A", [fixes[55]._replace(alarms=PHONE, digest=1)])
    assert [event["state"] for event in await events(database)] == ["coached"]
    assert await differences(database) == []


async def test_a_review_of_a_long_episode_is_left_to_its_other_part(database: Database, ingest: Ingest) -> None:
    fixes = alarmed(0, 50, 55, 60, kind=PHONE)
    await fleet.deliver(ingest, "A", fixes)
    ((whole),) = await events(database)
    await decide(database, DISMISSED, whole["event_id"])
    async with database.write() as session:  # as another version, by which only half a minute is one episode
        await session.execute("UPDATE score_versions SET parameters = parameters || '{\"same_episode_s\": 30}'")
    again = await Ingest.open(database)
    await fleet.deliver(again, "A", [fixes[70]._replace(digest=1)])
    states = [event["state"] for event in await events(database)]
    assert states == ["dismissed"] * 3
    await decide(database, Decision(EventState.COACHED), (await events(database))[0]["event_id"])
    assert [event["state"] for event in await events(database)] == ["coached", "dismissed", "dismissed"]
    assert await differences(database) == []
    await decide(database, Decision(EventState.RECOGNISED), (await events(database))[2]["event_id"])
    await decide(database, Decision(EventState.NEEDS_REVIEW), (await events(database))[0]["event_id"])
    states = [event["state"] for event in await events(database)]
    assert states == ["needs_review", "dismissed", "recognised"], "the last part has a review of its own"
    assert await differences(database) == []


async def test_a_review_that_reaches_over_many_trips_is_left_to_the_first(database: Database, ingest: Ingest) -> None:
    """Late positions have made six trips of one, and an event at each end of what was decided about."""
    for number in range(6):
        await fleet.deliver(ingest, "A", alarmed(number * 7200, *([50] if number in (0, 5) else [])))
    async with database.write() as session:
        await session.execute(
            "INSERT INTO event_reviews (device_id, driver_id, event_type, began_at, ended_at, state) SELECT device_id, "
            "min(event.driver_id), event_type, min(occurred_at), max(event.ended_at), 'coached' "
            "FROM safety_events AS event JOIN trips USING (trip_id) GROUP BY device_id, event_type"
        )
        await session.execute("UPDATE safety_events SET state = 'coached'")
    assert await differences(database) == []
    await decide(database, DISMISSED, (await events(database))[1]["event_id"])
    assert [event["state"] for event in await events(database)] == ["coached", "dismissed"]
    assert await differences(database) == []


async def test_a_decision_that_holds_beyond_a_handover_is_told_of_both_drivers(
    database: Database, ingest: Ingest
) -> None:
    """The vehicle is handed over amid an episode; what is decided about its one half holds for the other."""
    await fleet.make_people(database, ["DRV-1", "DRV-2", "DRV-3"], ["VEH-1"])
    await fleet.make_devices(database, ["A"])
    handover = NOON + timedelta(seconds=1500.5)
    await ingest.assign("A", "DRV-1", "VEH-1", valid_to=handover, actor="test")
    await ingest.assign("A", "DRV-2", "VEH-1", valid_from=handover, actor="test")
    await fleet.deliver(ingest, "A", alarmed(0, 149, 152, kind=PHONE))
    first, second = await events(database)
    assert (first["driver_id"], second["driver_id"]) == ("DRV-1", "DRV-2")
    tags = ("driver:DRV-1", "driver:DRV-2", "driver:DRV-3")
    before = await current(database, *tags)
    await decide(database, DISMISSED, first["event_id"])
    after = await current(database, *tags)
    assert [event["state"] for event in await events(database)] == ["dismissed"] * 2
    assert [old != new for old, new in zip(before, after, strict=True)] == [True, True, False]
