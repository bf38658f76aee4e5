"""Ingest tokens as they are sent: what one looks like, and its digest. Knows no database and no user."""

from __future__ import annotations

import secrets
from hashlib import sha256

from starlette.requests import Request

from roadlens.errors import NotAuthenticated

# Tells people, and programs that search files for leaked secrets, what they have found.
PREFIX = "rlt_"

_BEARER = "bearer "
_LONGEST = 200

# Traccar's phone client sends no headers of one's own, only an address: RFC 6750, section 2.3, names this parameter.
QUERY_PARAMETER = "access_token"


def issue() -> str:
    """A new token."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is stored of a token, and looked up by."""
    return sha256(token.encode()).digest()


def sent(request: Request, *, in_query: bool = False) -> bytes:
    """The digest of the token that a request brings.

    Args:
        request: with `Authorization: Bearer …`.
        in_query: whether `?access_token=…` will do as well.

    Raises:
        NotAuthenticated: it brings none, or something that is no ingest token.
    """
    header = request.headers.get("authorization")
    token = header[len(_BEARER) :].strip() if header and header[: len(_BEARER)].lower() == _BEARER else None
    if token is None and in_query:
        token = request.query_params.get(QUERY_PARAMETER)
    if token is None:
        raise NotAuthenticated(
            "Send the header `Authorization: Bearer <ingest token>`; `roadlens tokens create NAME` makes one."
        )
    if not token.startswith(PREFIX) or len(token) > _LONGEST:
        raise NotAuthenticated(
            f"This is not an ingest token, which begins with {PREFIX}: `roadlens tokens create NAME` makes one."
        )
    return digest(token)
