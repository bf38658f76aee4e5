"""Makes rows of what was found in a chunk, with the functions that are live: events, counts, scores, ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import numpy as np
import pyarrow as pa

from roadlens.domain import EVENT_TYPES, EventType
from roadlens.rescoring.export import ExportedTrip
from roadlens.scoring.parameters import Parameters
from roadlens.storage.binary import POSITION, Positions
from roadlens.storage.reads.reviews import ReviewRow, Span
from roadlens.storage.trip_rows import EventRow, TripRow
from roadlens.storage.writes.rebuilds import RescoredTrip
from roadlens.telemetry.derive import Event, groups, together, with_shares
from roadlens.telemetry.excess import NO_EXCESS, Excess, excess
from roadlens.telemetry.manoeuvres import Stretch
from roadlens.telemetry.reviewed import margin, reviewed
from roadlens.telemetry.seconds import SECOND_US
from roadlens.telemetry.sums import metres
from roadlens.telemetry.trip import event_row, judged
from roadlens.telemetry.work import Rules


class Finished(NamedTuple):
    """A chunk's rows; `kept` of its trips have no positions any more, and keep the events that they have."""

    trips: list[RescoredTrip]
    events: list[EventRow]
    kept: int


def finish(
    rules: Rules,
    exported: Sequence[ExportedTrip],
    results: Mapping[str, pa.Table],
    live: Sequence[EventRow],
    reviews: Sequence[ReviewRow],
) -> Finished:
    """The rows of a chunk.

    Args:
        rules: of the version.
        exported: its trips.
        results: what `expressions.results` gives for their fixes.
        live: the events of the trips that are kept.
        reviews: those that may hold for events of these trips, the oldest first.
    """
    signs, sums, decided = found_by_trip(results), sums_by_trip(results), _by_device(reviews)
    kept = _by_trip(live)
    trips: list[TripRow] = []
    events: list[EventRow] = []
    for number, unique_id, category, keeps, trip in exported:
        parameters = rules.parameters.for_class(category)
        if keeps:
            trips.append(_scored(parameters, trip, _counted(trip)))
            events += kept.get(trip.trip_id, [])
            continue
        shown = signs.get(number, Signs())
        found, fixes = shown.events(parameters), shown.fixes
        scored = _scored(parameters, _with_sums(trip, sums[number]), (event.event_type for event in found))
        rows = [event_row(fixes, event, unique_id, trip) for event in found]
        scored, rows = reviewed(rules.parameters, scored, rows, decided.get(trip.device_id, ()))
        trips.append(scored)
        events += rows
    return Finished(
        [RescoredTrip(*(getattr(trip, name) for name in RescoredTrip._fields)) for trip in trips],
        events,
        sum(trip.kept for trip in exported),
    )


def spans(rules: Rules, exported: Sequence[ExportedTrip]) -> list[Span]:
    """Where reviews must lie to hold for an event of these trips: by device and type, from the first to the last."""
    times: dict[int, list[datetime]] = defaultdict(list)
    for each in exported:
        times[each.trip.device_id] += [each.trip.started_at, each.trip.ended_at]
    near = {kind: margin(rules.parameters, kind) for kind in EVENT_TYPES}
    return [
        Span(device_id, kind.value, min(reached) - near[kind], max(reached) + near[kind])
        for device_id, reached in times.items()
        for kind in EVENT_TYPES
    ]


class Sums(NamedTuple):
    """What a trip's intervals add up to."""

    speeding_us: int
    speeding_mm: int
    night_mm: int
    rush_hour_mm: int

    @property
    def rounded(self) -> tuple[int, int, int, int]:
        """`night_m`, `rush_hour_m`, `speeding_m` and `speeding_s` of the trip."""
        metres_ = [metres(mm) for mm in (self.night_mm, self.rush_hour_mm, self.speeding_mm)]
        return metres_[0], metres_[1], metres_[2], (self.speeding_us + SECOND_US // 2) // SECOND_US


Told = tuple[int, int, float | None]


class Signs:
    """Of one trip, by type; the fixes at which events can be worst, and what is driven above the limit."""

    def __init__(self) -> None:
        self.stretches: dict[EventType, list[Stretch]] = defaultdict(list)
        self.told: dict[EventType, list[Told]] = defaultdict(list)
        self.places: dict[int, tuple[float, float, float]] = {}
        self.over: Excess = NO_EXCESS

    def events(self, parameters: Parameters) -> list[Event]:
        """One manoeuvre is one event, however many signs there are of it."""
        seen = {kind: sorted(self.stretches[kind], key=lambda stretch: stretch.first_us) for kind in EVENT_TYPES}
        found = [
            event
            for kind in EVENT_TYPES
            for event in together(parameters, kind, sorted(self.told[kind], key=lambda told: told[0]), seen[kind])
        ]
        return with_shares(parameters, found, groups(parameters, seen[EventType.SPEEDING]), self.over)

    @property
    def fixes(self) -> Positions:
        """In the order of time; only moment, place and speed are filled in."""
        fixes = np.zeros(len(self.places), dtype=POSITION)
        for fix, (moment, place) in zip(fixes, sorted(self.places.items()), strict=True):
            fix["fix_time"] = moment
            fix["latitude"], fix["longitude"], fix["speed_kmh"] = place
        return fixes


def found_by_trip(results: Mapping[str, pa.Table]) -> dict[int, Signs]:
    """By the trip's number; trips that show nothing are not in it."""
    signs: dict[int, Signs] = defaultdict(Signs)
    for row in results["signs"].to_pylist():
        of, kind = signs[row["trip"]], EVENT_TYPES[row["kind"]]
        of.places[row["worst_us"]] = (row["latitude"], row["longitude"], row["speed_kmh"])
        if row["strength"] is None:
            of.told[kind].append((row["first_us"], row["last_us"], row["severity"]))
        else:
            of.stretches[kind].append(Stretch(*(row[name] for name in Stretch._fields)))
    for number, over in _over_by_trip(results["over"], signs):
        signs[number].over = over
    return dict(signs)


def _over_by_trip(over: pa.Table, numbers: Iterable[int]) -> Iterator[tuple[int, Excess]]:
    """What these trips drive above the limit, by number."""
    trip, at_us, step_mm, lasted_us = (
        over[name].to_numpy().astype(np.int64) for name in ("trip", "at_us", "step_mm", "lasted_us")
    )
    order = np.lexsort((at_us, trip))
    trip, at_us, step_mm, lasted_us = trip[order], at_us[order], step_mm[order], lasted_us[order]
    wanted = np.array(sorted(numbers), dtype=np.int64)
    begins, ends = np.searchsorted(trip, wanted), np.searchsorted(trip, wanted, side="right")
    for number, begin, end in zip(wanted.tolist(), begins.tolist(), ends.tolist(), strict=True):
        its = slice(begin, end)
        yield number, excess(at_us[its], step_mm[its], lasted_us[its])


def sums_by_trip(results: Mapping[str, pa.Table]) -> dict[int, Sums]:
    """What trips add up to, by number. Sums of whole numbers are decimals where an engine has them wider."""
    return {row["trip"]: Sums(*(int(row[name]) for name in Sums._fields)) for row in results["sums"].to_pylist()}


def _by_trip(events: Sequence[EventRow]) -> dict[UUID, list[EventRow]]:
    by_trip: dict[UUID, list[EventRow]] = defaultdict(list)
    for event in events:
        by_trip[event.trip_id].append(event)
    return by_trip


def _by_device(reviews: Sequence[ReviewRow]) -> Mapping[int, Sequence[ReviewRow]]:
    by_device: dict[int, list[ReviewRow]] = defaultdict(list)
    for review in reviews:
        by_device[review.device_id].append(review)
    return by_device


def _with_sums(trip: TripRow, sums: Sums) -> TripRow:
    night_m, rush_hour_m, speeding_m, speeding_s = sums.rounded
    return trip._replace(night_m=night_m, rush_hour_m=rush_hour_m, speeding_m=speeding_m, speeding_s=speeding_s)


def _scored(parameters: Parameters, trip: TripRow, counting: Iterator[EventType]) -> TripRow:
    return trip._replace(**judged(parameters, trip.distance_m, trip.speeding_m, counting))


def _counted(trip: TripRow) -> Iterator[EventType]:
    """The types of the events that count in a trip as it is, once for each of them."""
    return (kind for kind in EVENT_TYPES for _ in range(getattr(trip, kind.value)))
