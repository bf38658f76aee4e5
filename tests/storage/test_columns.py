"""Columns of every type come to a real table as what they were, whatever the lengths of their texts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from math import isnan
from uuid import UUID

import numpy as np

from roadlens.storage import columns
from roadlens.storage.columns import hundredths, rows_for
from roadlens.storage.database import Database

TABLE = """
CREATE TEMPORARY TABLE sent (id uuid, name text COLLATE "C", kind text, small int2, whole int4, large int8,
    share float8, score numeric(5, 2), at timestamptz, day date) ON COMMIT DROP
"""


async def test_each_type_arrives(database: Database) -> None:
    ids = np.frombuffer(bytes(range(48)), dtype=columns.UUID)
    sent = rows_for(
        "sent",
        {
            "id": ids,
            "name": np.array(["b", "a much longer name", "cé".encode()], dtype="S"),
            "kind": np.array([b"x", b"yy", b"x"]),
            "small": np.array([-(2**15), 0, 2**15 - 1], dtype="i2"),
            "whole": np.array([-(2**31), 0, 2**31 - 1], dtype="i4"),
            "large": np.array([-(2**63), 0, 2**63 - 1], dtype="i8"),
            "share": np.array([0.1, float("nan"), -1e300]),
            "score": hundredths(np.array([10_000, 0, 7])),
            "at": np.array(["1999-12-31T23:59:59.999999", "2026-03-01T00:00:00", "2000-01-01"], dtype="M8[us]"),
            "day": np.array(["1999-12-31", "2026-03-01", "2000-01-01"], dtype="M8[D]"),
        },
    )
    async with database.write() as session:
        await session.execute(TABLE)
        await session.copy_in(*sent)
        second, first, third = await session.tuples("SELECT * FROM sent ORDER BY name")
    assert first == (
        UUID(int=int.from_bytes(bytes(range(16)), "big")), "b", "x", -(2**15), -(2**31), -(2**63), 0.1,
        Decimal("100.00"), datetime(1999, 12, 31, 23, 59, 59, 999_999, UTC), date(1999, 12, 31),
    )  # fmt: skip
    assert (second[1], second[2], second[7], second[9]) == ("a much longer name", "yy", 0, date(2026, 3, 1))
    assert isnan(second[6])
    assert (third[1], str(third[7]), third[5]) == ("cé", "0.07", 2**63 - 1)


async def test_no_rows(database: Database) -> None:
    nothing = rows_for("sent", {"name": np.zeros(0, dtype="S1"), "whole": np.zeros(0, dtype="i4")})
    async with database.write() as session:
        await session.execute(TABLE)
        await session.copy_in(*nothing)
        assert await session.value("SELECT count(*) FROM sent") == 0
