"""Many forwards in one piece of memory, as a JSON array or one a line: read batch by batch, as they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from roadlens.telemetry.batch import Batch, Reason, Rejected
from roadlens.telemetry.sources import traccar

# The elements of an array are found here, and read one by one: a bad one must not spoil the others.
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode


def batches(data: bytes, size: int, *, lines: bool) -> Iterator[Batch]:
    """Batches of at most `size` records; a record's number counts from 0, and does not count empty lines.

    Raises:
        Rejected: at the first batch: it is no JSON array.
    """
    batch = Batch()
    for index, record in enumerate(_lines(data) if lines else _array(data)):
        try:
            claim, fix = traccar.read(record)
        except Rejected as error:
            batch.reject(index, error.reason, error.detail)
        else:
            batch.add(claim, fix, index)
        if batch.records == size:
            yield batch
            batch = Batch()
    if batch.records:
        yield batch


def _lines(data: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        if line := data[start:end].strip():
            yield line
        start = end + 1


def _array(data: bytes) -> Iterable[msgspec.Raw]:
    try:
        return _elements(data)
    except msgspec.ValidationError as error:
        raise Rejected(Reason.WRONG_TYPE, f"{error}. Expected a JSON array of Traccar's forwards.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Rejected(Reason.MALFORMED, f"not valid JSON: {error}") from None
