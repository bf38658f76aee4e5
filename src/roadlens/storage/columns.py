"""Many rows as columns of numpy, and as PostgreSQL's binary COPY form of them. Knows types, no table.

The format is the one of `binary`, for rows that hold texts too. Rows whose texts are of the same lengths have the same
layout, so they are converted together, by one assignment a column: the rows come out sorted by these lengths.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[Any]

# 16 bytes as they are sent.
UUID = np.dtype("V16")

# PostgreSQL counts from 2000-01-01 (src/include/datatype/timestamp.h).
_EPOCH = np.datetime64("2000-01-01")
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"

# A numeric of two decimals from 0 to 9999.99, as numeric_recv reads it (src/backend/utils/adt/numeric.c): two digits to
# the base of 10,000, the first of weight 0. Zeros at either end are stripped there.
_NUMERIC = np.dtype([(name, ">i2") for name in ("digits", "weight", "sign", "scale", "whole", "fraction")])


class Copy(NamedTuple):
    """A COPY statement and the rows it takes."""

    statement: str
    data: bytes


def rows_for(table: str, columns: Mapping[str, Column], *, frozen: bool = False) -> Copy:
    """Rows, given as columns of one length, to be appended to a table that has these columns.

    Args:
        table: its name.
        columns: int16, int32, int64, float64, `S` for text, `UUID`, datetime64[us] for timestamptz (UTC),
            datetime64[D] for date, and what `hundredths` gives for numeric.
        frozen: the rows need no vacuum; only for a table that was truncated in the same transaction.
    """
    options = "FORMAT BINARY, FREEZE" if frozen else "FORMAT BINARY"
    return Copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN ({options})", to_copy(columns))


def hundredths(values: npt.NDArray[np.integer[Any]]) -> Column:
    """Numerics with two decimals from whole hundredths, 0 to 999,999."""
    numeric = np.zeros(len(values), dtype=_NUMERIC)
    numeric["digits"], numeric["scale"] = 2, 2
    numeric["whole"], fraction = np.divmod(values, 100)
    numeric["fraction"] = fraction * 100
    return numeric


def to_copy(columns: Mapping[str, Column]) -> bytes:
    """The bytes that `COPY … FROM STDIN (FORMAT BINARY)` takes for these columns."""
    wire = [_wire(column) for column in columns.values()]
    return _HEADER + b"".join(_rows([column[chosen] for column in wire]) for chosen in _layouts(wire)) + _TRAILER


def _wire(column: Column) -> Column:
    """The values in network byte order."""
    if column.dtype.kind == "M":
        kept = "i4" if column.dtype == np.dtype("M8[D]") else "i8"
        column = (column - _EPOCH).astype(kept)
    return column if column.dtype.kind in "SV" else column.astype(column.dtype.newbyteorder(">"))


def _layouts(wire: list[Column]) -> Iterator[npt.NDArray[np.intp] | slice]:
    """Which rows have texts of the same lengths, layout by layout."""
    texts = [np.char.str_len(column) for column in wire if column.dtype.kind == "S"]
    if not texts:
        yield slice(None)
        return
    _, layouts = np.unique(np.stack(texts), axis=1, return_inverse=True)
    layouts = layouts.reshape(-1)
    for layout in range(int(layouts.max(initial=-1)) + 1):
        yield np.flatnonzero(layouts == layout)


def _rows(wire: list[Column]) -> bytes:
    """Rows of one layout: the number of fields, and before each field its length in bytes."""
    stored = [_fitting(column) for column in wire]
    parts: list[tuple[str, Any]] = [("fields", ">i2")]
    for place, column in enumerate(stored):
        parts += [(f"length_{place}", ">i4"), (f"value_{place}", column.dtype)]
    rows = np.empty(len(wire[0]), dtype=parts)
    rows["fields"] = len(wire)
    for place, column in enumerate(stored):
        rows[f"length_{place}"] = column.dtype.itemsize
        rows[f"value_{place}"] = column
    return rows.tobytes()


def _fitting(column: Column) -> Column:
    """A text column of exactly as many bytes as its texts have."""
    if column.dtype.kind != "S" or not len(column):
        return column
    return column.astype(f"S{max(1, len(column[0]))}")
