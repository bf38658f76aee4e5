"""Many forwards in one body: each bad one is named by its place, and costs the others nothing."""

from __future__ import annotations

import pytest

from roadlens.telemetry.batch import Reason, Rejected
from roadlens.telemetry.sources.forwards import batches
from tests.telemetry.sources.test_traccar import forward

GOOD = forward()
BAD = forward(latitude="41.25")


def told(data: bytes, size: int = 100, *, lines: bool) -> list[tuple[list[int], list[tuple[int, Reason]]]]:
    """Of each batch the places of what could be read, and of what could not."""
    found = batches(data, size, lines=lines)
    return [(batch.lines, [(line, reason) for line, reason, _ in batch.complaints]) for batch in found]


def array(*records: bytes) -> bytes:
    return b"[" + b" ,\n".join(records) + b"]"


@pytest.mark.parametrize("lines", [True, False])
def test_places_count_from_0(lines: bool) -> None:
    records = [GOOD, BAD, GOOD, b"7", GOOD]
    data = b"\n\r\n".join(records) if lines else array(*records)
    wrong = [(1, Reason.WRONG_TYPE), (3, Reason.WRONG_TYPE)]
    assert told(data, lines=lines) == [([0, 2, 4], wrong)]
    assert told(data, 2, lines=lines) == [([0], wrong[:1]), ([2], wrong[1:]), ([4], [])]


@pytest.mark.parametrize("data", [b"", b"\n", b" \n\n"])
def test_no_lines_are_no_batches(data: bytes) -> None:
    assert told(data, lines=True) == []


def test_an_empty_array_is_no_batch() -> None:
    assert told(b"[]", lines=False) == []


def test_a_line_that_is_not_json_is_one_bad_record() -> None:
    data = b"\n".join([GOOD, b"{", b"\xff", GOOD.replace(b"41.25", b"NaN"), b"[" * 50_000, GOOD])
    ((good, bad),) = told(data, lines=True)
    assert good == [0, 5]
    assert bad == [
        (1, Reason.MALFORMED),
        (2, Reason.MALFORMED),
        (3, Reason.MALFORMED),
        (4, Reason.WRONG_TYPE),
    ]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", Reason.MALFORMED),
        (b"[", Reason.MALFORMED),
        (array(GOOD)[:-1], Reason.MALFORMED),
        (array(GOOD, b"{"), Reason.MALFORMED),
        (b"[" * 200_000, Reason.MALFORMED),
        (b"[" * 200_000 + b"]" * 200_000, Reason.MALFORMED),
        (b"{}", Reason.WRONG_TYPE),
        (b"null", Reason.WRONG_TYPE),
        (GOOD, Reason.WRONG_TYPE),
    ],
)
def test_a_body_that_is_no_array_is_refused_whole(data: bytes, why: Reason) -> None:
    with pytest.raises(Rejected) as rejected:
        told(data, lines=False)
    assert rejected.value.reason is why
