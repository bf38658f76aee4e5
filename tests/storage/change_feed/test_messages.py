"""What notifications say, there and back."""

from __future__ import annotations

from uuid import uuid4

import pytest

from roadlens.storage.change_feed.messages import Raised, acknowledgements, read_acknowledgement, read_change


def test_a_change() -> None:
    change = read_change('{"xid": "18446744073709551615", "tags": [["driver:ü\\"", 41, "9f3c2a10"]]}')
    assert change == (2**64 - 1, [Raised('driver:ü"', 41, "9f3c2a10")])


NESTED = f'{{"xid": "1", "tags": [], "more": {"[" * 3900}{"]" * 3900}}}'


@pytest.mark.parametrize("payload", ["", "x", "[]", '{"xid": 1, "tags": []}', '{"xid": "x", "tags": []}', NESTED])
def test_what_is_no_change(payload: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_change(payload)


def test_acknowledgements_of_any_number_fit() -> None:
    worker, xids = uuid4(), list(range(2**64 - 1000, 2**64))
    said = list(acknowledgements(worker, xids))
    assert max(map(len, said)) < 8000
    assert [read_acknowledgement(payload)[0] for payload in said] == [worker] * len(said)
    assert [xid for payload in said for xid in read_acknowledgement(payload)[1]] == xids
    assert list(acknowledgements(worker, [])) == []
