"""Trips with their fixes as columns, and as files of Parquet: what a rule needs and only the live code can compute.

Whatever takes a sine, a median, a time zone or a clock is computed here, once, by the functions that are live. The
expressions that read these files do no more than add, compare, divide and take roots.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from roadlens.rescoring.classes import number_of
from roadlens.rescoring.columns import Columns, columns, empty
from roadlens.rescoring.files import Files, written
from roadlens.storage.reads.rebuilds import StoredTrip
from roadlens.storage.trip_rows import TripRow
from roadlens.telemetry.steps import one_a_moment
from roadlens.telemetry.work import Rules

# Trips have numbers that are their own in the whole version, so that a cluster can read all files as one table.
_TRIPS_A_CHUNK = 1 << 24

_COMPRESSION = "zstd"


class ExportedTrip(NamedTuple):
    """A trip as it was live when it was exported. `kept`: its positions are not there, and it keeps what it has."""

    number: int
    unique_id: str
    category: str | None
    kept: bool
    trip: TripRow


def export(rules: Rules, chunk: int, stored: Iterable[StoredTrip], files: Files) -> int:
    """Write a chunk's files, the one with the fixes last; gives the number of positions.

    Raises:
        SetupError: the disk is full, or cannot be written.
    """
    trips: list[ExportedTrip] = []
    parts: list[Columns] = [empty()]
    for number, (trip, unique_id, category, sent) in enumerate(stored, chunk * _TRIPS_A_CHUNK):
        fixes = one_a_moment(sent)
        kept = len(fixes) != trip.position_count
        trips.append(ExportedTrip(number, unique_id, category, kept, trip))
        if not kept:
            parameters = rules.parameters.for_class(category)
            parts.append(columns(rules, parameters, number, number_of(rules.parameters, category), fixes))
    with written(files.trips(chunk)) as path:
        pq.write_table(_trips_table(trips), path, compression=_COMPRESSION)
    with written(files.fixes(chunk)) as path:
        pq.write_table(_joined(parts), path, compression=_COMPRESSION)
    return sum(trip.trip.position_count for trip in trips if not trip.kept)


def exported(files: Files, chunk: int) -> bool:
    """Whether a chunk's files are there, and end as they should: a disk that broke off may have kept half of one."""
    try:
        for path in (files.trips(chunk), files.fixes(chunk)):
            pq.read_metadata(path)
    except (OSError, pa.ArrowException):
        return False
    return True


def exported_trips(files: Files, chunk: int) -> Iterator[ExportedTrip]:
    """The trips of an exported chunk."""
    table = pq.read_table(files.trips(chunk))
    for number, unique_id, category, kept, trip in zip(*(column.to_pylist() for column in table.columns), strict=True):
        yield ExportedTrip(number, unique_id, category, kept, _TRIP.decode(trip))


_TRIP = msgspec.json.Decoder(TripRow)


def _joined(parts: Sequence[Columns]) -> pa.Table:
    return pa.table({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def _trips_table(trips: list[ExportedTrip]) -> pa.Table:
    schema = pa.schema(
        [
            ("number", pa.int64()),
            ("unique_id", pa.string()),
            ("category", pa.string()),
            ("kept", pa.bool_()),
            ("trip", pa.binary()),
        ]
    )
    columns = list(zip(*trips, strict=True)) or [()] * len(schema)
    columns[-1] = tuple(msgspec.json.encode(trip) for trip in columns[-1])
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema)
