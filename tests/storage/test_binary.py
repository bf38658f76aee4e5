"""An array becomes PostgreSQL's bytes and comes back the same: here, and through a real table."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadlens.storage.binary import COLUMNS, PACKED, POSITION, Positions, from_packed, to_copy
from roadlens.storage.database import Database

INT_2, INT_4, INT_8 = ((-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (16, 32, 64))
MICROSECONDS_2000, MICROSECONDS_2100 = 946_684_800_000_000, 4_102_444_800_000_000
REALS = st.floats(width=32)

ROWS: st.SearchStrategy[list[Any]] = st.lists(
    st.tuples(
        st.integers(*INT_4),
        st.integers(MICROSECONDS_2000, MICROSECONDS_2100),
        st.integers(*INT_8),
        st.floats(),
        st.floats(),
        REALS,
        REALS,
        REALS,
        REALS,
        st.integers(*INT_2),
        st.integers(*INT_2),
    ),
    max_size=20,
)


def positions(rows: list[Any]) -> Positions:
    return np.array(rows, dtype=POSITION)


def same(one: Positions, other: Positions) -> bool:
    """Equal, where NaN equals NaN, whichever NaN it is."""
    return len(one) == len(other) and all(
        np.array_equal(one[name], other[name], equal_nan=POSITION[name].kind == "f") for name in POSITION.names or ()
    )


def test_there_and_back_through_a_table(database_url: str) -> None:
    async def through(database: Database, sent: Positions) -> Positions:
        async with database.write() as session:
            await session.execute("CREATE TEMPORARY TABLE sent (LIKE positions) ON COMMIT DROP")
            await session.execute("ALTER TABLE sent ADD COLUMN place bigint GENERATED ALWAYS AS IDENTITY")
            await session.copy_in(f"COPY sent ({COLUMNS}) FROM STDIN (FORMAT BINARY)", to_copy(sent))
            return from_packed(
                await session.value(f"SELECT string_agg({PACKED}, NULL ORDER BY place) FROM sent") or b""
            )

    with asyncio.Runner() as runner:
        database = Database.open(database_url, pool_size=1)

        @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
        @given(ROWS)
        def check(rows: list[Any]) -> None:
            assert same(runner.run(through(database, positions(rows))), positions(rows))

        try:
            check()
        finally:
            runner.run(database.close())


async def test_the_database_reads_what_was_meant(database: Database) -> None:
    row = (7, MICROSECONDS_2000 - 1, -(2**63), 41.5, -96.25, 36.0, float("nan"), 0.5, float("inf"), 3, 31)
    async with database.write() as session:
        await session.execute("CREATE TEMPORARY TABLE sent (LIKE positions) ON COMMIT DROP")
        await session.copy_in(f"COPY sent ({COLUMNS}) FROM STDIN (FORMAT BINARY)", to_copy(positions([row])))
        (found,) = await session.tuples("SELECT * FROM sent")
    assert found[1].isoformat() == "1999-12-31T23:59:59.999999+00:00"
    assert [str(value) for value in found[2:]] == [
        "-9223372036854775808", "41.5", "-96.25", "36.0", "nan", "0.5", "inf", "3", "31",
    ]  # fmt: skip
