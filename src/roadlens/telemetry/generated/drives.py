"""A day's trips and safety events of a whole generated portfolio, as columns: drawn, not derived from positions."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from roadlens.domain import EVENT_TYPES, EventType
from roadlens.scoring.parameters import Parameters
from roadlens.scoring.trip import trip_scores
from roadlens.storage.columns import UUID, Column, hundredths
from roadlens.telemetry.demo.drives import Days
from roadlens.telemetry.derive import derived_confidence
from roadlens.telemetry.generated.traits import Floats, Ints, Plan, Traits
from roadlens.telemetry.work import Rules

_DAY_S, _HOUR_S = 86_400, 3600
_MEDIAN_S, _SHORTEST_S = 14 * 60, 180
_MEDIAN_KMH = 34.0
_METRES_A_DEGREE = 111_195.0

# From where on it counts as an event, in m/s² or km/h over the limit, and the mean of what comes on top.
_SEVERITY = {
    EventType.HARSH_BRAKING: (2.2, 0.6),
    EventType.RAPID_ACCELERATION: (2.6, 0.5),
    EventType.HARSH_CORNERING: (2.1, 0.5),
    EventType.SPEEDING: (8.0, 7.0),
}


@dataclass(frozen=True, slots=True)
class Keys:
    """The ids of what is stored; of devices and vehicles two each, shape (n, 2), the second often the first again."""

    driver_id: Column
    device_id: Ints
    vehicle_id: Column


class Driven(NamedTuple):
    """The rows of a day for `trips` and for `safety_events`, oldest first."""

    trips: dict[str, Column]
    events: dict[str, Column]


@dataclass(frozen=True, slots=True)
class _Legs:
    """When and how far, for each trip of a day; times in Unix seconds."""

    who: Ints
    start_s: Ints
    duration_s: Ints
    moving_s: Ints
    distance_m: Ints
    speeding_m: Ints
    top_speed_kmh: Floats
    hour: Floats
    start: Floats
    end: Floats

    def in_order(self) -> _Legs:
        order = np.argsort(self.start_s, kind="stable")
        return _Legs(*(getattr(self, field.name)[order] for field in fields(self)))


def drive(plan: Plan, traits: Traits, keys: Keys, days: Days, day: int, rules: Rules) -> Driven:
    """What the portfolio drives on the day of this index; the same arguments give the same rows."""
    chance = np.random.default_rng((plan.seed, 2, day))
    parameters = rules.parameters
    legs = _legs(chance, traits, days, day).in_order()
    prior = np.array([getattr(parameters, f"prior_{kind.value}") for kind in EVENT_TYPES])
    mean = traits.relative[legs.who] * prior * (legs.distance_m / 100_000)[:, None]
    counts = np.minimum(chance.poisson(mean), 30)
    trip_id = _ids(chance, legs.start_s)
    trips = {
        "trip_id": trip_id,
        **_whose(chance, traits, keys, days, day, legs.who),
        **_measured(legs, traits, days, day, parameters),
        **{kind.value: counts[:, place].astype("i4") for place, kind in enumerate(EVENT_TYPES)},
        "trip_score": hundredths(_scores(parameters, legs, counts)),
        "score_version": np.full(len(trip_id), rules.version, "i4"),
    }
    return Driven(trips, _events(chance, traits, legs, counts, trips, parameters))


def _legs(chance: np.random.Generator, traits: Traits, days: Days, day: int) -> _Legs:
    """Each driver's hours are shared out evenly between the day's trips: none begins before one has ended."""
    count = traits.trips[:, day].astype(np.int64)
    who = np.repeat(np.arange(len(traits)), count)
    place = np.arange(len(who)) - np.repeat(np.cumsum(count) - count, count)
    luck = chance.random((6, len(who)))
    from_hour, until_hour = traits.hours[who].T
    slot_s = (until_hour - from_hour) * _HOUR_S / count[who]
    second = from_hour * _HOUR_S + (place + 0.35 * luck[0]) * slot_s
    wanted_s = np.exp(np.log(_MEDIAN_S) + 0.55 * chance.standard_normal(len(who)))
    duration_s = np.clip(wanted_s, _SHORTEST_S, 0.6 * slot_s).astype(np.int64)
    speed = np.clip(_MEDIAN_KMH * np.exp(0.35 * chance.standard_normal(len(who))), 9, 105)
    distance_m = (duration_s * speed / 3.6).astype(np.int64)
    haste = traits.haste[who]
    share = np.where(luck[1] < 0.1 + 0.5 * haste, luck[2] ** 2 * np.where(traits.wild[who], 0.6, 0.25 * haste), 0)
    bearing = 2 * np.pi * luck[3]
    start = traits.home[who] + 0.03 * chance.standard_normal((len(who), 2))
    way = np.stack([np.cos(bearing), 1.3 * np.sin(bearing)], axis=1)
    next_midnight = days.midnights[day + 1] if day + 1 < len(days.midnights) else days.midnights[day] + _DAY_S
    return _Legs(
        who=who,
        # A day on which clocks are changed is shorter or longer: so are its hours here.
        start_s=days.midnights[day] + (second * (next_midnight - days.midnights[day]) / _DAY_S).astype(np.int64),
        duration_s=duration_s,
        moving_s=(duration_s * (0.7 + 0.25 * luck[4])).astype(np.int64),
        distance_m=distance_m,
        speeding_m=(distance_m * share).astype(np.int64),
        top_speed_kmh=np.round(np.minimum(speed * (1.35 + 0.4 * luck[5]), 190), 1),
        hour=second / _HOUR_S,
        start=start,
        end=start + way * (0.7 * distance_m / _METRES_A_DEGREE)[:, None],
    )


def _whose(
    chance: np.random.Generator, traits: Traits, keys: Keys, days: Days, day: int, who: Ints
) -> dict[str, Column]:
    """Device, driver and vehicle. Who has two vehicles drives one of them all day, at weekends the other one."""
    other = traits.two & (chance.random(len(traits)) < (0.85 if days.weekend[day] else 0.15))
    vehicle = (other | (day >= traits.moved_on)).astype(np.int64)
    return {
        "device_id": keys.device_id[who, other[who].astype(np.int64)],
        "driver_id": keys.driver_id[who],
        "vehicle_id": keys.vehicle_id[who, vehicle[who]],
    }


def _measured(legs: _Legs, traits: Traits, days: Days, day: int, parameters: Parameters) -> dict[str, Column]:
    """Times, distances by kind of hour, and places. A trip is of the hour that it begins in."""
    hour, distance = legs.hour, legs.distance_m
    night = (hour >= parameters.night_from_hour) | (hour < parameters.night_until_hour)
    rush = (hour >= parameters.morning_rush_from_hour) & (hour < parameters.morning_rush_until_hour)
    rush |= (hour >= parameters.evening_rush_from_hour) & (hour < parameters.evening_rush_until_hour)
    weekend = bool(days.weekend[day])
    whole = {
        "distance_m": distance,
        "duration_s": legs.duration_s,
        "moving_s": legs.moving_s,
        "night_m": distance * night,
        "rush_hour_m": distance * (rush & (not weekend)),
        "weekend_m": distance * weekend,
        "speeding_m": legs.speeding_m,
        "position_count": legs.duration_s // traits.interval_s[legs.who] + 1,
    }
    date = np.datetime64(int(days.ordinals[day]) - _UNIX_EPOCH_ORDINAL, "D")
    return {
        "started_at": _moment(legs.start_s),
        "ended_at": _moment(legs.start_s + legs.duration_s),
        "day": np.full(len(hour), date),
        **{name: values.astype("i4") for name, values in whole.items()},
        "top_speed_kmh": legs.top_speed_kmh,
        "start_latitude": legs.start[:, 0],
        "start_longitude": legs.start[:, 1],
        "end_latitude": legs.end[:, 0],
        "end_longitude": legs.end[:, 1],
    }


def _scores(parameters: Parameters, legs: _Legs, counts: Ints) -> npt.NDArray[np.int64]:
    """In hundredths."""
    scores = trip_scores(parameters, distance_m=legs.distance_m, speeding_m=legs.speeding_m, counts=counts)
    return np.rint(scores * 100).astype(np.int64)


def _events(
    chance: np.random.Generator,
    traits: Traits,
    legs: _Legs,
    counts: Ints,
    trips: dict[str, Column],
    parameters: Parameters,
) -> dict[str, Column]:
    trip, kind = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
    luck = chance.random((4, len(trip)))
    severity = np.array([_SEVERITY.get(kind, (np.nan, 0.0)) for kind in EVENT_TYPES])[kind]
    speeding = kind == EVENT_TYPES.index(EventType.SPEEDING)
    device = traits.warns[legs.who[trip]] | (kind == EVENT_TYPES.index(EventType.PHONE_USE))
    confidence = np.array([derived_confidence(parameters, kind) for kind in EVENT_TYPES])[kind]
    lasts_s = np.where(speeding, 10 + 40 * luck[1], 0).astype(np.int64)
    passed = luck[0] * np.maximum(legs.duration_s[trip] - lasts_s - 1, 1)
    occurred_s = legs.start_s[trip] + passed.astype(np.int64)
    place = legs.start[trip] + (legs.end - legs.start)[trip] * (passed / legs.duration_s[trip])[:, None]
    events: dict[str, Column] = {
        "event_id": _ids(chance, occurred_s),
        "trip_id": trips["trip_id"][trip],
        "driver_id": trips["driver_id"][trip],
        "event_type": np.array([kind.value.encode() for kind in EVENT_TYPES])[kind],
        "source": np.where(device, b"device", b"gps"),
        "occurred_at": _moment(occurred_s),
        "ended_at": _moment(occurred_s + lasts_s),
        "severity": np.round(severity[:, 0] - severity[:, 1] * np.log1p(-luck[2]), 2),
        "confidence": np.where(device, parameters.device_confidence, confidence),
        "latitude": place[:, 0],
        "longitude": place[:, 1],
        "speed_kmh": np.round(legs.top_speed_kmh[trip] * (0.4 + 0.6 * luck[3]), 1),
    }
    order = np.argsort(occurred_s, kind="stable")
    return {name: column[order] for name, column in events.items()}


def _ids(chance: np.random.Generator, seconds: Ints) -> Column:
    """Time-ordered ids as `domain.time_ordered_id` lays them out, with chance where a digest is there."""
    luck = chance.integers(0, 1 << 62, (2, len(seconds)), dtype=np.uint64)
    halves = np.empty((len(seconds), 2), dtype=">u8")
    halves[:, 0] = (seconds * 1000).astype(np.uint64) << np.uint64(16) | np.uint64(0x8000) | luck[0] & np.uint64(0xFFF)
    halves[:, 1] = np.uint64(0b10 << 62) | luck[1]
    return halves.view(UUID).reshape(-1)


def _moment(seconds: Ints) -> Column:
    return (seconds * 1_000_000).astype("M8[us]")


_UNIX_EPOCH_ORDINAL = 719_163
