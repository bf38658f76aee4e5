"""What goes through PostgreSQL's notifications: tags that a transaction raised, transactions that a worker knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

# Names of channels. The first is written in the migration that made the triggers.
TAGS = "roadlens_tags"
ACKNOWLEDGEMENTS = "roadlens_acks"

# A payload ends at 8,000 bytes (PostgreSQL manual, NOTIFY); a transaction's id has at most 20 digits.
_XIDS_A_MESSAGE = 300


class Raised(NamedTuple):
    """A tag and its new version: `counter` orders, `nonce` makes it unique."""

    tag: str
    counter: int
    nonce: str


class _Change(msgspec.Struct):
    xid: str
    tags: list[tuple[str, int, str]]


class Change(NamedTuple):
    """What one transaction raised."""

    xid: int
    raised: list[Raised]


_decoder = msgspec.json.Decoder(_Change)


def read_change(payload: str) -> Change:
    """Take a payload of `TAGS` apart.

    Raises:
        ValueError: it is none; somebody else sent it.
    """
    try:
        change = _decoder.decode(payload)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return Change(int(change.xid), [Raised(*raised) for raised in change.tags])


def acknowledgements(worker: UUID, xids: Sequence[int]) -> Iterator[str]:
    """Payloads that say that the worker knows of these transactions."""
    for begin in range(0, len(xids), _XIDS_A_MESSAGE):
        yield " ".join([worker.hex, *map(str, xids[begin : begin + _XIDS_A_MESSAGE])])


def read_acknowledgement(payload: str) -> tuple[UUID, list[int]]:
    """Take a payload of `ACKNOWLEDGEMENTS` apart: the worker and the transactions.

    Raises:
        ValueError: it is none.
    """
    worker, *xids = payload.split()
    return UUID(hex=worker), [int(xid) for xid in xids]
