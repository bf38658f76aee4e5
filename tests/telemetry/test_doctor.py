"""The doctor finds nothing where all is well, and names each read model that was tampered with."""

from __future__ import annotations

import pytest

from roadlens.domain import EventState, EventType
from roadlens.storage.database import Database
from roadlens.telemetry import reviews
from roadlens.telemetry.doctor import differences
from roadlens.telemetry.reviews import Decision
from tests.support import fleet
from tests.support.fleet import drive

TAMPERED = {
    "trips": "UPDATE trips SET harsh_braking = harsh_braking + 1",
    "driver_day": "UPDATE driver_day SET distance_m = distance_m - 1",
    "driver_summary": "UPDATE driver_summary SET trips = trips + 1",
    "trip_day": "UPDATE trip_day SET score_sum = score_sum + 0.01",
    "fleet_totals": "UPDATE fleet_totals SET events = events + 1 WHERE shard = 3",
    "risk_histogram": "INSERT INTO risk_histogram (bucket, shard, drivers, score_sum) VALUES (7, 1, 1, 7)",
    "safety_events": "UPDATE safety_events SET state = 'coached'",
    "risk_scores": "UPDATE risk_scores SET distance_m = distance_m + 1",
}


async def driven(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    fixes = drive(0, 4000) + drive(90_000, 4000)
    fixes[50] = fixes[50]._replace(alarms=EventType.PHONE_USE.bit)
    await fleet.deliver(ingest, "A", fixes, register=True)


async def test_nothing_where_all_is_well(database: Database) -> None:
    assert await differences(database) == []
    await driven(database)
    assert await differences(database) == []


@pytest.mark.parametrize("model", TAMPERED)
async def test_a_tampered_row_is_named(database: Database, model: str) -> None:
    await driven(database)
    async with database.write() as session:
        assert await session.execute(TAMPERED[model]) > 0
    found = await differences(database)
    assert model in {difference.model for difference in found}
    assert all(str(difference).startswith(difference.model) for difference in found)


async def test_a_row_is_named_by_its_key_and_not_by_its_shortest_column(database: Database) -> None:
    await driven(database)
    async with database.write() as session:
        await session.execute("UPDATE driver_summary SET trips = trips + 1")
        await session.execute("INSERT INTO risk_histogram (bucket, shard, drivers, score_sum) VALUES (7, 1, 1, 7)")
    named = {difference.model: difference.row for difference in await differences(database)}
    assert named == {"driver_summary": "DRV-0001", "risk_histogram": "7"}


async def test_a_row_that_is_missing_and_one_too_many_are_told_apart(database: Database) -> None:
    await driven(database)
    async with database.write() as session:
        await session.execute("UPDATE driver_day SET day = day + 400 WHERE day = (SELECT min(day) FROM driver_day)")
    told = [str(difference) for difference in await differences(database) if difference.model == "driver_day"]
    assert sorted(line.rsplit(": ")[1] for line in told) == ["is missing", "must not be there"]


async def test_an_event_that_does_not_follow_its_review_is_named(database: Database) -> None:
    await driven(database)
    async with database.write() as session:
        event = await session.value("SELECT event_id FROM safety_events")
        await reviews.review(session, "test", [event], Decision(EventState.DISMISSED))
    assert await differences(database) == []
    async with database.write() as session:
        await session.execute("UPDATE event_reviews SET state = 'recognised'")
    assert [str(each) for each in await differences(database)] == [
        f"safety_events {event}: state is dismissed, must be recognised"
    ]
