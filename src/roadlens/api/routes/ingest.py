"""Positions come in: one at a time from Traccar or a phone, or many. 200 is said once they are committed, never before.

These routes read their bodies themselves: what a tracker says goes straight into a typed struct.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from roadlens.api import ingest_body, ingest_tokens
from roadlens.api.dependencies import server_state
from roadlens.api.openapi import problems
from roadlens.api.schemas.ingest import BatchTaken, Taken
from roadlens.errors import InvalidInput
from roadlens.storage.writes.devices import DeviceClaim
from roadlens.telemetry.batch import Batch, Complaint, Fix, Reason, Rejected
from roadlens.telemetry.collector import Collector
from roadlens.telemetry.sources import forwards, phone, traccar

Read = Callable[[bytes], tuple[DeviceClaim, Fix]]

ERRORS_LISTED = 100
# Positions that share a transaction; the next are read while these are stored.
SLICE = 5000
BATCHES = "/api/v1/ingest/positions"

_STORED = msgspec.json.encode({"stored": 1, "ignored": 0, "detail": None})
# What is well-formed and yet no position of ours: a sender who is refused would only send it again.
_IGNORED: Final = (Reason.NOT_VALID, Reason.NOT_OURS)

_DEVICE: Final = {"uniqueId": "867648043123456", "name": "Van 7"}
_POSITION: Final = {
    "fixTime": "2026-11-20T14:00:01.000+00:00",
    "valid": True,
    "latitude": 41.25786972,
    "longitude": -95.98425293,
    "speed": 26.47407,
    "course": 270.88,
    "attributes": {"ignition": True, "hdop": 0.9, "alarm": "hardBraking"},
}
_FORWARD: Final = {"position": _POSITION, "device": _DEVICE}
_EVENT: Final = {"event": {"type": "alarm", "attributes": {"alarm": "hardBraking"}}, **_FORWARD}
_REPORT: Final = {
    "location": {
        "timestamp": "2026-11-20T14:00:01.000Z",
        "coords": {"latitude": 41.25, "longitude": -95.98, "speed": 13.6, "heading": 270.9, "accuracy": 5},
        "is_moving": True,
    },
    "device_id": "48241179",
}


def _body(example: object, *also: str) -> dict[str, object]:
    """The reference's description of a body, which FastAPI cannot see."""
    kind = "array" if isinstance(example, list) else "object"
    content: dict[str, object] = {ingest_body.JSON: {"schema": {"type": kind}, "example": example}}
    return {"requestBody": {"required": True, "content": content | {name: {"schema": {}} for name in also}}}


class _Route(APIRoute):
    """A route without FastAPI's dependencies and models: they would cost more than all the rest of a position."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return self.endpoint


# For the reference alone: these routes run no dependency.
_shows_token = HTTPBearer(
    scheme_name="IngestToken", description="From `roadlens tokens create NAME`.", auto_error=False
)

router = APIRouter(
    prefix="/ingest",
    dependencies=[Depends(_shows_token)],
    route_class=_Route,
    tags=["ingest"],
    responses=problems(
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)


@router.post("/traccar", response_model=Taken, openapi_extra=_body(_FORWARD))
async def traccar_forward(request: Request) -> Response:
    """Take one position exactly as Traccar forwards it (`forward.type` is `json`)."""
    return await _single(request, traccar.read)


@router.post("/traccar/events", response_model=Taken, openapi_extra=_body(_EVENT))
async def traccar_event(request: Request) -> Response:
    """Take one event as Traccar forwards it: an alarm becomes its position with that alarm, others are ignored."""
    return await _single(request, traccar.read_event)


@router.post("/phone", response_model=Taken, openapi_extra=_body(_REPORT))
async def phone_report(request: Request) -> Response:
    """Take one location as Traccar's phone client sends it. The token may stand in the address as `access_token`."""
    return await _single(request, phone.read, token_in_query=True)


@router.post("/positions", response_model=BatchTaken, openapi_extra=_body([_FORWARD], ingest_body.LINES[0]))
async def positions(request: Request) -> Response:
    """Take many forwards: a JSON array of them, or one a line; plain or with `Content-Encoding: gzip`.

    The good ones are kept; the answer lists the others. Sending a batch again changes nothing.
    """
    token = ingest_tokens.sent(request)
    state = await server_state(request)
    said = ingest_body.media_type(request, ingest_body.JSON, *ingest_body.LINES)
    packed = ingest_body.is_packed(request)
    await state.collector.check(token)
    async with state.collector.turn():
        body = await ingest_body.whole(request)
        if packed:
            body = await asyncio.to_thread(ingest_body.unpack, body, ingest_body.LONGEST_UNPACKED)
        try:
            taken = await _store(state.collector, token, forwards.batches(body, SLICE, lines=said != ingest_body.JSON))
        except Rejected as error:
            raise _refusal(error) from None
    return _answer(taken)


async def _single(request: Request, read: Read, *, token_in_query: bool = False) -> Response:
    token = ingest_tokens.sent(request, in_query=token_in_query)
    ingest_body.media_type(request, ingest_body.JSON)
    body = await ingest_body.whole(request)
    if ingest_body.is_packed(request):
        body = ingest_body.unpack(body, ingest_body.LONGEST_SINGLE)
    collector = (await server_state(request)).collector
    try:
        claim, fix = read(body)
    except Rejected as error:
        await collector.check(token)
        if error.reason not in _IGNORED:
            raise _refusal(error) from None
        return _ignored(error.detail)
    if (why := await collector.send(token, claim, fix)) is not None:
        return _ignored(why)
    return Response(_STORED, media_type=ingest_body.JSON)


async def _store(collector: Collector, token: bytes, batches: Iterator[Batch]) -> dict[str, object]:
    """One batch after the other; the next is read beside the event loop while one is stored."""
    kept, dropped = 0, Counter[Reason]()
    listed: list[Complaint] = []
    batch = await asyncio.to_thread(next, batches, None)
    while batch is not None:
        delivery = asyncio.create_task(collector.deliver(token, batch))
        try:
            batch = await asyncio.to_thread(next, batches, None)
        finally:
            outcome = await delivery
        kept += outcome.kept
        dropped += outcome.dropped
        listed += outcome.complaints[: ERRORS_LISTED - len(listed)]
    duplicates = dropped.pop(Reason.DUPLICATE, 0)
    errors = [{"index": line, "reason": reason.value, "detail": detail} for line, reason, detail in listed]
    return {"kept": kept, "duplicates": duplicates, "dropped": dropped.total(), "errors": errors}


def _refusal(error: Rejected) -> Exception:
    if error.reason is Reason.MALFORMED:
        return HTTPException(HTTPStatus.BAD_REQUEST, f"The body is {error.detail}")
    return InvalidInput(f"{error.detail[:1].upper()}{error.detail[1:]}")


def _ignored(why: str) -> Response:
    return _answer({"stored": 0, "ignored": 1, "detail": why})


def _answer(content: dict[str, object]) -> Response:
    return Response(msgspec.json.encode(content), media_type=ingest_body.JSON)
