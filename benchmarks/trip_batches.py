"""Batches of finished trips with events and scores, as telemetry hands them to the storage; drawn, not driven."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from roadlens.domain import EVENT_TYPES, EventSource, time_ordered_id
from roadlens.scoring.parameters import DEFAULT
from roadlens.scoring.risk import Exposure, risk
from roadlens.storage.trip_rows import EventRow, TripRow
from roadlens.storage.writes.scores import ScoredDay

TRIPS_A_DAY = 4  # of one device
_MINUTES = 20
_COUNTS = [kind.value for kind in EVENT_TYPES]
# Events a trip, as in the generated portfolio: 1.3 in all.
_EVENTS_A_TRIP = (0.3, 0.2, 0.2, 0.5, 0.1)


class Owned(NamedTuple):
    """A device and whose it is."""

    device_id: int
    driver_id: str
    vehicle_id: str


class TripBatch(NamedTuple):
    """What one transaction writes; `scored` has the score of each driver's day."""

    trips: list[TripRow]
    events: list[EventRow]
    scored: list[ScoredDay]


def batches(owned: Sequence[Owned], begin: datetime, size: int, apiece: int, seed: int) -> Iterator[TripBatch]:
    """Endlessly: devices, each in turn, make `apiece` trips in a row, `TRIPS_A_DAY` of them a day, from `begin` on."""
    dice = np.random.default_rng(seed)
    apart = timedelta(days=1) / TRIPS_A_DAY
    clocks = [begin + apart * float(share) for share in dice.random(len(owned))]
    turns: list[int] = []
    while True:
        trips, events = [], []
        for _ in range(size // apiece):
            turns = turns or dice.permutation(len(owned)).tolist()
            device = turns.pop()
            for _ in range(apiece):
                trip, its_events = _trip(owned[device], clocks[device], dice)
                clocks[device] += apart
                trips.append(trip)
                events += its_events
        driven = sorted({(trip.driver_id, trip.day) for trip in trips})
        scored = [_scored(driver, day, dice) for driver, day in driven]
        yield TripBatch(sorted(trips), sorted(events), scored)


def _trip(of: Owned, started: datetime, dice: np.random.Generator) -> tuple[TripRow, list[EventRow]]:
    counts = dice.poisson(_EVENTS_A_TRIP).tolist()
    distance_m = int(dice.integers(2_000, 40_000))
    latitude, longitude, top = (float(value) for value in dice.uniform((41, -96, 50), (42, -95, 130)))
    trip_id = time_ordered_id(started, f"{of.device_id}|{started}".encode())
    ended = started + timedelta(minutes=_MINUTES)
    trip = TripRow(
        trip_id=trip_id,
        device_id=of.device_id,
        driver_id=of.driver_id,
        vehicle_id=of.vehicle_id,
        started_at=started,
        ended_at=ended,
        day=started.date(),
        distance_m=distance_m,
        duration_s=_MINUTES * 60,
        moving_s=_MINUTES * 55,
        night_m=0,
        rush_hour_m=distance_m // 2,
        weekend_m=0,
        speeding_m=distance_m // 50,
        top_speed_kmh=round(top, 1),
        start_latitude=latitude,
        start_longitude=longitude,
        end_latitude=latitude + 0.1,
        end_longitude=longitude + 0.1,
        position_count=_MINUTES * 60,
        **dict(zip(_COUNTS, counts, strict=True)),
        trip_score=Decimal(int(dice.integers(0, 10_001))) / 100,
        score_version=1,
    )
    kinds = [name for name, count in zip(_COUNTS, counts, strict=True) for _ in range(count)]
    events = []
    for place, kind in enumerate(kinds):
        at = started + timedelta(seconds=30 * (place + 1))
        event_id = time_ordered_id(at, f"{of.device_id}|{kind}|{at}".encode())
        told = (kind, EventSource.DEVICE.value, at, at, 3.5, 0.95, latitude, longitude, top)
        events.append(EventRow(event_id, trip_id, of.driver_id, *told))
    return trip, events


def _scored(driver_id: str, day: date, dice: np.random.Generator) -> ScoredDay:
    events = dice.poisson(5, len(_COUNTS)).tolist()
    exposure = Exposure(int(dice.integers(500_000, 2_000_000)), 20_000, 50_000, *events)
    found = risk(DEFAULT, exposure)
    score = None if found.score is None else Decimal(f"{found.score:.2f}")
    level = None if found.level is None else found.level.value
    return ScoredDay(driver_id, day, score, level, exposure.distance_m, found.factors)
