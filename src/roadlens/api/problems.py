"""Errors as `application/problem+json` (RFC 9457): one shape for everything that goes wrong, and no internals in it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from roadlens.api.headers import SECURITY_HEADERS, UNSAID
from roadlens.errors import InvalidInput, NotAuthenticated, RoadlensError

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:roadlens:problem:"

logger = logging.getLogger(__name__)


class FieldProblem(BaseModel):
    field: str = Field(description="The parameter, or the path in the body, that must change.")
    detail: str


class Problem(BaseModel):
    """What every error answers."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:roadlens:problem:invalid-input",
                    "title": "A value is not acceptable",
                    "status": 422,
                    "detail": "limit: Input should be less than or equal to 1000.",
                    "instance": "/api/v1/admin/drivers",
                    "errors": [{"field": "limit", "detail": "Input should be less than or equal to 1000"}],
                }
            ]
        }
    )

    type: str = Field(description="Stable name of the kind of problem; programs compare this.")
    title: str = Field(description="The kind of problem in words; the same for every occurrence.")
    status: int
    detail: str = Field(description="What happened and what to do, for people.")
    instance: str | None = Field(default=None, description="The path that was asked.")
    errors: list[FieldProblem] | None = Field(default=None, description="One entry for each wrong value.")


def install(app: FastAPI) -> None:
    """Answer every exception with a problem."""
    app.add_exception_handler(RoadlensError, roadlens_error)
    app.add_exception_handler(RequestValidationError, _wrong_request)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(Exception, _unexpected)


async def roadlens_error(request: Request, error: Exception) -> Response:
    """The problem that an error of ours is."""
    assert isinstance(error, RoadlensError)
    headers = {}
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR and error.retry_after is not None:
        logger.warning("%s %s: %s (%s)", request.method, _endpoint(request), error.detail, error.__cause__)
    elif error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("%s %s", request.method, _endpoint(request), exc_info=error)
        return _problem(request, RoadlensError, _UNEXPECTED)
    errors = [{"field": error.field, "detail": error.detail}] if error.field else None
    return _problem(request, type(error), error.detail, headers=headers, errors=errors, members=error.members)


def _endpoint(request: Request) -> str:
    """For the log, where no path belongs: it may hold what somebody typed."""
    return getattr(request.scope.get("endpoint"), "__name__", "unknown")


# What validators and FastAPI say in their own words.
_SAID = {
    "There was an error parsing the body": "The body cannot be read. Send JSON in UTF-8, or the form that /docs shows.",
    "missing": "Is required.",
    "extra_forbidden": "There is no such field. /docs lists those that there are.",
}


async def _wrong_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"field": _field(found["loc"]), "detail": _SAID.get(found["type"], str(found["msg"]))}
        for found in error.errors()
    ]
    detail = " ".join(f"{found['field']}: {found['detail'].rstrip('.')}." for found in errors)
    return _problem(request, InvalidInput, detail, errors=errors)


async def http_error(request: Request, error: Exception) -> Response:
    """The problem of an error that has a status of HTTP and no more."""
    assert isinstance(error, HTTPException)
    status, headers = HTTPStatus(error.status_code), dict(error.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_allowed(request)))
    detail = {
        HTTPStatus.NOT_FOUND: f"There is nothing at {request.url.path}. /docs lists what there is.",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{request.method} does not work here. /docs lists what does.",
    }.get(status, _SAID.get(error.detail, f"{error.detail}."))
    code = status.phrase.lower().replace(" ", "-")
    document = {"type": f"{_TYPE}{code}", "title": status.phrase, "status": status.value, "detail": detail}
    return _response(request, document, headers)


def _allowed(request: Request) -> set[str]:
    """What works at this address: routing itself names the methods of the first route alone that has it."""
    routes = iter_route_contexts(request.app.routes)
    found = (route.methods for route in routes if route.methods and route.path_regex.match(request.scope["path"]))
    methods = set[str]().union(*found)
    return methods | {"HEAD"} if "GET" in methods else methods


_UNEXPECTED = "The server made a mistake, and its log says which. Trying again may help."


async def _unexpected(request: Request, _error: Exception) -> Response:
    """The exception itself is logged by the server, which gets it after this answer; headers nobody else adds then."""
    return _problem(request, RoadlensError, _UNEXPECTED, headers=SECURITY_HEADERS | UNSAID)


def _problem(
    request: Request,
    kind: type[RoadlensError],
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] | None = None,
    members: Mapping[str, object] | None = None,
) -> Response:
    document: dict[str, Any] = {
        "type": f"{_TYPE}{kind.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
    }
    return _response(request, document | ({"errors": errors} if errors else {}) | dict(members or {}), headers)


def _response(request: Request, document: dict[str, Any], headers: Mapping[str, str] | None) -> Response:
    body = msgspec.json.encode({**document, "instance": request.url.path})
    return Response(body, document["status"], headers, MEDIA_TYPE)


def _field(location: Sequence[int | str]) -> str:
    """`("query", "limit")` is `limit`, `("body", "user", "name")` is `user.name`, and the whole body is `body`."""
    path = ".".join(str(part) for part in location[1:] if isinstance(part, str)) or str(location[0])
    return path.encode(errors="replace").decode()
