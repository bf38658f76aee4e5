"""Which events are compared with labels: of the labels' devices, in the time they cover, of the types they know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from roadlens.domain import EventSource, EventType, unix_microseconds
from roadlens.errors import InvalidInput
from roadlens.scoring.agreement import Agreement
from roadlens.storage.database import Database
from roadlens.telemetry.evaluation import Evaluation, evaluate
from roadlens.telemetry.labels import Label
from tests.support.rows import add_driver, add_event, add_trip

DAY = datetime(2026, 3, 4, 12, tzinfo=UTC)
BRAKING, CORNERING = EventType.HARSH_BRAKING, EventType.HARSH_CORNERING


def at(hours: float, seconds: float = 0) -> datetime:
    return DAY + timedelta(hours=hours, seconds=seconds)


def label(moment: datetime, kind: EventType = BRAKING, device: str | None = None) -> Label:
    start = unix_microseconds(moment)
    return Label(2, kind, start, start + 1_000_000, device, "", "")


@pytest.fixture
async def drives(database: Database) -> Database:
    """One device makes a trip of 20 minutes every hour from noon until four; another one at five."""
    async with database.write() as session:
        for number in (1, 2):
            await add_driver(session, number)
        trips = [await add_trip(session, 1, at(hour)) for hour in range(5)]
        for hour, trip in enumerate(trips):
            await add_event(session, trip, 1, at(hour, 100), BRAKING, source="gps")
            await add_event(session, trip, 1, at(hour, 200), BRAKING, source="device", state="dismissed")
            await add_event(session, trip, 1, at(hour, 300), EventType.SPEEDING)
        other = await add_trip(session, 2, at(5))
        await add_event(session, other, 2, at(5, 100), BRAKING, source="gps")
    return database


async def compared(database: Database, *labels: Label, device: str | None = None, source: str = "") -> Evaluation:
    sources = (EventSource(source),) if source else tuple(EventSource)
    async with database.read() as session:
        return await evaluate(session, labels, device=device, sources=sources, within_s=3)


async def test_the_time_from_the_trip_with_the_first_label_to_that_with_the_last(drives: Database) -> None:
    done = await compared(drives, label(at(1, 102)), label(at(3, 500)))
    assert done.figures == {BRAKING: Agreement(labels=2, derived=6, agree=1)}
    (covered,) = done.covered
    assert (covered.unique_id, covered.trips, covered.first, covered.last) == ("device-1", 3, at(1), at(3, 1200))
    assert [each[1].start for each in done.missed] == [unix_microseconds(at(3, 500))]
    assert [event.occurred_at for event in done.unlabelled] == [
        at(1, 200), at(2, 100), at(2, 200), at(3, 100), at(3, 200)
    ]  # fmt: skip


async def test_one_source_alone(drives: Database) -> None:
    for source, agree in (("gps", 1), ("device", 0)):
        done = await compared(drives, label(at(1, 100)), source=source)
        assert done.figures == {BRAKING: Agreement(1, 1, agree)}


async def test_types_that_no_label_knows_are_left_alone(drives: Database) -> None:
    done = await compared(drives, label(at(1, 100), CORNERING))
    assert done.figures == {CORNERING: Agreement(1, 0, 0)}


async def test_each_device_is_compared_with_its_own(drives: Database) -> None:
    labels = [label(at(1, 100), device="device-1"), label(at(5, 100), device="device-2")]
    done = await compared(drives, *labels)
    assert done.figures == {BRAKING: Agreement(2, 3, 2)}
    swapped = await compared(drives, *(each._replace(device="device-2") for each in labels))
    assert swapped.figures == {BRAKING: Agreement(2, 1, 1)}
    assert [(name, each.start) for name, each in swapped.missed] == [("device-2", labels[0].start)]


async def test_many_devices_take_as_few_statements(drives: Database) -> None:
    statements: list[str] = []
    stop = drives.observe(lambda statement, _seconds: statements.append(statement))
    await compared(drives, label(at(1), device="device-1"), label(at(5), device="device-2"))
    stop()
    assert len(statements) == 2


@pytest.mark.parametrize(
    ("labels", "device", "says"),
    [
        ([label(at(1)), label(at(5))], None, "(device-1, device-2): say whose they are: --device ID"),
        ([label(at(1000))], None, "No device has a trip in the time of these labels"),
        ([label(at(1000))], "device-1", "device-1 has no trip in the time of its labels (2026-04-15 to 2026-04-15)"),
        ([label(at(1))], "device-9", "There is no device device-9"),
    ],
)
async def test_whose_they_are_is_not_guessed(
    drives: Database, labels: list[Label], device: str | None, says: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await compared(drives, *labels, device=device)
    assert says in caught.value.detail
