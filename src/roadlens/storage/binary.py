"""Positions as one array, and as PostgreSQL's binary form of them: the two differ in byte order and framing only.

In: COPY. The format is described in the PostgreSQL manual under COPY, "Binary Format": a header, then for each row the
number of fields and for each field its length and its bytes, big-endian. With no NULL and no variable width every row
has the same layout, so a batch is converted by one assignment a column.

Out: `PACKED`, the same bytes without framing, joined to one value by `string_agg`. COPY would send a message a row, and
the driver would wait for each of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[Any]

# In the order of the table's columns. `fix_time` is Unix time in microseconds, UTC.
POSITION = np.dtype(
    [
        ("device_id", "i4"),
        ("fix_time", "i8"),
        ("digest", "i8"),
        ("latitude", "f8"),
        ("longitude", "f8"),
        ("speed_kmh", "f4"),
        ("course", "f4"),
        ("hdop", "f4"),
        ("speed_limit_kmh", "f4"),
        ("flags", "i2"),
        ("alarms", "i2"),
    ]
)
COLUMNS = ", ".join(POSITION.names or ())

IGNITION_KNOWN = 1
IGNITION_ON = 2

# PostgreSQL counts timestamps from 2000-01-01 (src/include/datatype/timestamp.h), Unix from 1970-01-01.
_POSTGRES_EPOCH_US = 946_684_800_000_000
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"

# PostgreSQL's send functions give a value's binary form; timestamptz is sent as int8.
_SENDS = {"i2": "int2send", "i4": "int4send", "i8": "int8send", "f4": "float4send", "f8": "float8send"}


def _sent(name: str) -> str:
    return f"timestamptz_send({name})" if name == "fix_time" else f"{_SENDS[POSITION[name].str[1:]]}({name})"


PACKED = " || ".join(_sent(name) for name in POSITION.names or ())
_PACKED = POSITION.newbyteorder(">")

_WIRE = np.dtype(
    [("fields", ">i2")]
    + [
        part
        for name in POSITION.names or ()
        for part in ((f"{name}_length", ">i4"), (name, POSITION[name].newbyteorder(">")))
    ]
)


def to_copy(positions: Positions) -> bytes:
    """The bytes that `COPY positions (COLUMNS) FROM STDIN (FORMAT BINARY)` takes."""
    wire = np.empty(len(positions), dtype=_WIRE)
    wire["fields"] = len(POSITION.names or ())
    for name in POSITION.names or ():
        wire[f"{name}_length"] = POSITION[name].itemsize
        wire[name] = positions[name]
    wire["fix_time"] -= _POSTGRES_EPOCH_US
    return _HEADER + wire.tobytes() + _TRAILER


def from_packed(data: bytes) -> Positions:
    """The array of rows that PostgreSQL packed with `PACKED`, one after the other; shape (rows,), dtype `POSITION`."""
    positions = np.frombuffer(data, dtype=_PACKED).astype(POSITION)
    positions["fix_time"] += _POSTGRES_EPOCH_US
    return positions
