"""Every error Roadlens raises on purpose: each knows its HTTP status, its stable code and what the reader should do.

RoadlensError                500 internal
├── InvalidInput             422 invalid-input        a value that can be corrected; `field` names it
├── NotAuthenticated         401 not-authenticated
├── NotPermitted             403 not-permitted
├── NotFound                 404 not-found
├── Conflict                 409 conflict             `field` names what is taken
├── PreconditionFailed       412 precondition-failed  it was changed since it was read
├── TooManyAttempts          429 too-many-attempts    try again after `retry_after` seconds
├── TooManyRequests          429 too-many-requests    the same, for what costs
├── DatabaseUnavailable      503 database-unavailable  try again after `retry_after` seconds
├── Overloaded               503 overloaded            the same, for a server that has too much to do
├── NotReady                 503 not-ready             /readyz: send requests elsewhere; `members` say why
└── SetupError               500 setup                the server or a command cannot start; says what to change
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar


class RoadlensError(Exception):
    """The root. The message is a sentence for people that says what to do.

    Attributes:
        status: HTTP status code of the problem document.
        code: last part of the problem's `type`; stable, never reused for another meaning.
        title: the short sentence that is the same for every occurrence.
        retry_after: seconds after which the same request may succeed; None where it will not.
        members: what its problem document says beside the usual.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong on the server"
    retry_after: int | None = None
    members: Mapping[str, object] = MappingProxyType({})

    def __init__(self, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


class InvalidInput(RoadlensError):
    status = 422
    code = "invalid-input"
    title = "A value is not acceptable"


class NotAuthenticated(RoadlensError):
    status = 401
    code = "not-authenticated"
    title = "Sign in first"


class NotPermitted(RoadlensError):
    status = 403
    code = "not-permitted"
    title = "Your role does not allow this"


class NotFound(RoadlensError):
    status = 404
    code = "not-found"
    title = "There is no such thing"


class Conflict(RoadlensError):
    status = 409
    code = "conflict"
    title = "The value is already taken"


class PreconditionFailed(RoadlensError):
    status = 412
    code = "precondition-failed"
    title = "It was changed since you read it"


class TooManyAttempts(RoadlensError):
    status = 429
    code = "too-many-attempts"
    title = "Too many attempts have failed"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class TooManyRequests(RoadlensError):
    status = 429
    code = "too-many-requests"
    title = "Too much is asked at once"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class DatabaseUnavailable(RoadlensError):
    status = 503
    code = "database-unavailable"
    title = "The database cannot be reached"
    retry_after = 2


class Overloaded(RoadlensError):
    status = 503
    code = "overloaded"
    title = "The server has too much to do"

    def __init__(self, detail: str, *, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class NotReady(RoadlensError):
    status = 503
    code = "not-ready"
    title = "This process should not be sent requests now"
    retry_after = 2

    def __init__(self, detail: str, members: Mapping[str, object]) -> None:
        super().__init__(detail)
        self.members = members


class SetupError(RoadlensError):
    code = "setup"
    title = "Roadlens cannot start like this"
