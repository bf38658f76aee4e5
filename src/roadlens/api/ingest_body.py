"""The bodies that trackers' servers and phones send: their type, length and packing. Knows nothing inside them."""

from __future__ import annotations

import gzip
import io
import zlib
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

# A single position is under 2 kB; a batch of them comes packed or not.
LONGEST_SINGLE = 64 * 1024
LONGEST_BATCH = 8 * 1024 * 1024
LONGEST_UNPACKED = 64 * 1024 * 1024

JSON = "application/json"
LINES = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")


def media_type(request: Request, *known: str) -> str:
    """What the body is said to be; without a word it is the first of those that are known.

    Raises:
        HTTPException: 415, it is something else.
    """
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not said:
        return known[0]
    if said not in known:
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"The body is said to be {said[:100]!r}; send {' or '.join(known)}"
        )
    return said


def is_packed(request: Request) -> bool:
    """Whether the body is compressed with gzip.

    Raises:
        HTTPException: 415, it is compressed with something else.
    """
    said = request.headers.get("content-encoding", "identity").strip().lower()
    if said not in ("identity", "gzip", "x-gzip"):
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Encoding {said[:100]!r} is not known; send gzip, or none"
        )
    return said != "identity"


async def whole(request: Request) -> bytes:
    """The body, as it was sent.

    Raises:
        HTTPException: 413, it is too long; 400, its sender left in the middle of it, and will not read this.
    """
    try:
        return await request.body()
    except ClientDisconnect:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "The body breaks off. Send it again") from None


def unpack(body: bytes, longest: int) -> bytes:
    """What gzip made of it, which is never made longer than `longest` bytes.

    Raises:
        HTTPException: 413, it would be; 400, it is not whole or not gzip.
    """
    try:
        unpacked = gzip.GzipFile(fileobj=io.BytesIO(body)).read(longest + 1)
    except EOFError:
        raise HTTPException(
            HTTPStatus.BAD_REQUEST, "The body breaks off: gzip's end is missing. Send it again"
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, f"The body is not gzip, or damaged: {error}") from error
    if len(unpacked) > longest:
        raise HTTPException(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"The body may have at most {longest} bytes unpacked; send it in smaller pieces",
        )
    return unpacked
