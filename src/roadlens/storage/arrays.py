"""Columns of many rows as PostgreSQL's text form of arrays, for `unnest`. Knows types, no table.

The driver looks at each value of a list anew and writes it by itself: for a batch of trips, a third of the time that
storing them takes. A column holds values of one type, so one look tells how all of it is written. The form is that of
the PostgreSQL manual's "Array Input and Output Syntax": NULL is a word, and texts are quoted, so that none is it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID


def array(values: Sequence[Any]) -> str:
    """The values, or None, as an array: numbers, dates, aware datetimes, UUIDs or texts; all of one type."""
    if None in values:
        written = iter(_written([value for value in values if value is not None]))
        return _joined("NULL" if value is None else next(written) for value in values)
    return _joined(_written(values))


def arrays(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> dict[str, str]:
    """Rows as parameters: for each column an array under its name."""
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return {name: array(column) for name, column in zip(names, columns, strict=True)}


def _joined(written: Iterable[str]) -> str:
    return f"{{{','.join(written)}}}"


def _written(values: Sequence[Any]) -> Iterable[str]:
    if not values:
        return ()
    if isinstance(values[0], str):
        return [f'"{_escaped(value)}"' for value in values]
    if isinstance(values[0], UUID):
        return [value.hex for value in values]
    return map(str, values)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"') if "\\" in text or '"' in text else text
