"""What every edit has: a write transaction that ends before the answer leaves, an admin's name, and versions as ETags.

An ETag is `"<version>"` after an edit and `"<version>-<digest of the answer>"` on a detail: what telemetry adds changes
the digest, so that a copy is known to be old, and leaves the version, so that it spoils nobody's edit. `If-Match` looks
at the version alone.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import blake2b
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Response

from roadlens.api.dependencies import State
from roadlens.api.openapi import GUARDED, problems
from roadlens.api.origin import From
from roadlens.api.schemas.answer import Answer
from roadlens.api.security import admit, token_claims
from roadlens.api.tokens import Claims
from roadlens.domain import Audience
from roadlens.storage.database import WriteSession
from roadlens.storage.writes.audit import Actor
from roadlens.storage.writes.edits import Expected

# A proxy that compresses an answer makes its ETag weak (W/): the version in it is as good as before.
_TAG = re.compile(r'(?:W/)?"(\d{1,9})(?:-[^"]*)?"')

_ETAG_HEADER: Final = {"ETag": {"description": "Send it as `If-Match` with an edit.", "schema": {"type": "string"}}}
_LOCATION_HEADER: Final = {"Location": {"description": "The path of what was made.", "schema": {"type": "string"}}}

# The `responses` of routes that make, change or remove something.
EDITED: Final[dict[int | str, dict[str, Any]]] = {
    **problems(*GUARDED, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED),
    200: {"headers": _ETAG_HEADER},
}
MADE: Final[dict[int | str, dict[str, Any]]] = {
    **problems(*GUARDED, HTTPStatus.CONFLICT),
    201: {"headers": _ETAG_HEADER | _LOCATION_HEADER},
}
REMOVED: Final[dict[int | str, dict[str, Any]]] = problems(
    *GUARDED, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED
)


@dataclass(frozen=True, slots=True)
class Edit:
    """The transaction of one edit and who makes it."""

    session: WriteSession
    actor: Actor


async def write_session(state: State) -> AsyncIterator[WriteSession]:
    async with state.database.write() as session:
        yield session


# FastAPI ends a dependency after the answer was sent unless its scope is "function": the commit comes first.
Writing = Annotated[WriteSession, Depends(write_session, scope="function")]


async def edit(claims: Annotated[Claims, Depends(token_claims)], session: Writing, origin: From) -> Edit:
    holder = await admit(session, claims, Audience.ADMINS)
    return Edit(session, origin.of(holder))


Editing = Annotated[Edit, Depends(edit)]


async def expected_versions(
    if_match: Annotated[
        str | None,
        Header(
            max_length=1000,
            description="The ETag of what you have seen: if somebody has changed it since, the answer is 412 and "
            "nothing is changed. Without it, or with `*`, the edit is made whatever is there.",
        ),
    ] = None,
) -> Expected:
    if if_match is None or if_match.strip() == "*":
        return None
    return frozenset(int(version) for version in _TAG.findall(if_match))


Matching = Annotated[Expected, Depends(expected_versions)]


def tag(response: Response, version: int, answer: Answer | None = None) -> None:
    """Give the response the ETag of this version, and of the very answer if it shows more than edits change."""
    digest = "" if answer is None else f"-{blake2b(answer.model_dump_json().encode(), digest_size=8).hexdigest()}"
    response.headers["ETag"] = f'"{version}{digest}"'
