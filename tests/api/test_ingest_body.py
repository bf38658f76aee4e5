"""Bodies of positions: unpacked only so far, and one that breaks off is no mistake of the server."""

from __future__ import annotations

import gzip
import zlib

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from roadlens.api.ingest_body import unpack, whole

BODY = b"position " * 1000


def refused(body: bytes, longest: int) -> int:
    with pytest.raises(HTTPException) as refusal:
        unpack(body, longest)
    return refusal.value.status_code


def test_up_to_the_limit_and_not_a_byte_more() -> None:
    assert unpack(gzip.compress(BODY), len(BODY)) == BODY
    assert refused(gzip.compress(BODY), len(BODY) - 1) == 413


def test_several_members_are_one_body_and_share_the_limit() -> None:
    members = b"".join(gzip.compress(BODY[start : start + 100]) for start in range(0, len(BODY), 100))
    assert unpack(members, len(BODY)) == BODY
    assert refused(members, len(BODY) - 1) == 413


def test_a_bomb_is_not_unpacked() -> None:
    """A gigabyte of zeros, packed to a megabyte: only the limit's worth is ever made."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(1000)) + packer.flush()
    assert refused(bomb, 1 << 20) == 413


def test_a_hundred_thousand_empty_members_take_no_time() -> None:
    """Each costs the same, however many follow."""
    assert unpack(gzip.compress(b"") * 100_000, 10) == b""


@pytest.mark.parametrize("damaged", [gzip.compress(BODY)[:-1], gzip.compress(BODY)[:20], b"no gzip", BODY])
def test_what_is_not_whole_is_refused(damaged: bytes) -> None:
    assert refused(damaged, 1 << 20) == 400


def test_nothing_packed_is_nothing() -> None:
    assert unpack(gzip.compress(b""), 10) == unpack(b"", 10) == b""


async def test_a_sender_who_leaves_is_no_error_of_ours() -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    with pytest.raises(HTTPException) as refusal:
        await whole(Request({"type": "http", "method": "POST", "headers": []}, receive))
    assert refusal.value.status_code == 400
