"""Arrays come back from PostgreSQL as they were written, whatever stands in a text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from roadlens.domain import EventSource
from roadlens.storage.arrays import array, arrays
from roadlens.storage.database import Database

MOMENT = datetime(2024, 3, 6, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("int", [1, -2, 2**31 - 1]),
        ("int", []),
        ("bigint", [2**62, None, 0]),
        ("float8", [0.1, -1e300, 5e-324, float("inf"), 1.0]),
        ("float8", [None, 2.5, None]),
        ("numeric", [Decimal("40.01"), None, Decimal("0.00")]),
        ("uuid", [UUID(int=1), UUID(int=2**128 - 1)]),
        ("timestamptz", [MOMENT, MOMENT.replace(microsecond=0), None]),
        ("date", [date(2024, 3, 6), date(1970, 1, 1)]),
        ("text", ["plain", "", " ", "NULL", "null", None, 'a "quoted" one', "back\\slash", "{a,b}", "Zoë\n🚗", ","]),
        ("text", [EventSource.DEVICE, EventSource.GPS]),
        ("text", [None, None]),
    ],
)
async def test_what_is_written_comes_back(database: Database, kind: str, values: Sequence[Any]) -> None:
    async with database.read() as session:
        found = await session.value(f"SELECT cast(:it AS {kind}[])", {"it": array(values)})
    assert found == list(values)


async def test_not_a_number_comes_back(database: Database) -> None:
    async with database.read() as session:
        found = await session.value("SELECT cast(:it AS float8[])", {"it": array([float("nan"), 1.5])})
    assert str(found) == "[nan, 1.5]"


def test_rows_are_columns() -> None:
    assert arrays(("one", "other"), [(1, "a"), (2, None)]) == {"one": "{1,2}", "other": '{"a",NULL}'}
    assert arrays(("one", "other"), []) == {"one": "{}", "other": "{}"}
