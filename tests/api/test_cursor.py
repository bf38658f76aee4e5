"""A cursor opens for the list, order and filters it was sealed for, and for nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadlens.api.cursor import Cursors
from roadlens.errors import InvalidInput

SCOPE = ("drivers", None, "risk", datetime(2026, 5, 4, tzinfo=UTC))
CURSORS = Cursors(b"a secret")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=3))
def test_what_was_sealed_comes_back(position: list[str]) -> None:
    cursor = CURSORS.seal(SCOPE, position)
    assert CURSORS.open(SCOPE, cursor) == position
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?#% ")


def changed() -> list[tuple[str, str]]:
    cursor = CURSORS.seal(SCOPE, ["40.00", "DRV-0001"])
    return [
        ("empty", ""),
        ("no base64", "!!!"),
        ("not ASCII", "ä" * 40),
        ("short", cursor[:8]),
        ("cut", cursor[:-4]),
        ("longer", cursor + "AAAA"),
        ("endless", "A" * 100_000),
        ("another position", cursor[:-8] + "A" * 8),
        ("another seal", "A" * 8 + cursor[8:]),
        ("another secret", Cursors(b"another secret").seal(SCOPE, ["40.00", "DRV-0001"])),
        ("another list", CURSORS.seal(("trips", *SCOPE[1:]), ["40.00", "DRV-0001"])),
        ("another order", CURSORS.seal((*SCOPE[:2], "name", SCOPE[3]), ["40.00", "DRV-0001"])),
    ]


@pytest.mark.parametrize(("case", "cursor"), changed(), ids=[case for case, _ in changed()])
def test_anything_else_is_refused_by_name(case: str, cursor: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        CURSORS.open(SCOPE, cursor)
    assert refused.value.field == "after", case


def test_while_secrets_are_exchanged_cursors_of_both_open() -> None:
    both = Cursors(b"another secret", previous=b"a secret")
    position = ["40.00", "DRV-0001"]
    for sealed_by in (CURSORS, Cursors(b"another secret"), both):
        assert both.open(SCOPE, sealed_by.seal(SCOPE, position)) == position
    with pytest.raises(InvalidInput):
        CURSORS.open(SCOPE, both.seal(SCOPE, position))


def test_a_page_is_cut_where_one_more_row_was_read() -> None:
    rows, following = CURSORS.cut(SCOPE, [1, 2, 3], 2, lambda row: [str(row)])
    assert (rows, CURSORS.open(SCOPE, following or "")) == ([1, 2], ["2"])
    assert CURSORS.cut(SCOPE, [1, 2], 2, lambda row: [str(row)]) == ([1, 2], None)
