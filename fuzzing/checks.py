"""What must hold for every answer, beyond what Schemathesis asks: the shape of errors, headers, and who gets in."""

from __future__ import annotations

from typing import Final

import msgspec
from schemathesis import CheckContext, Response
from schemathesis.checks import CheckFunction

from fuzzing.cases import ELSEWHERE, NOBODY, ROLE, AnyCase
from fuzzing.document import Document
from roadlens.api.headers import SECURITY_HEADERS
from roadlens.api.problems import MEDIA_TYPE, Problem
from roadlens.domain import Role

_TYPE: Final = "urn:roadlens:problem:"
_UNREAD: Final = (400, 408, 431)  # what the server says to what is no HTTP, before anything of Roadlens sees it


def errors_are_problems(_ctx: CheckContext, response: Response, _case: AnyCase) -> bool | None:
    """An error is a problem that has a type and says in words what to do; one of values names each of them."""
    if response.status_code < 400 or _is_unread(response):
        return True
    said = response.headers.get("content-type", [""])[0]
    assert said == MEDIA_TYPE, f"An error of type {said!r}"
    problem = Problem.model_validate(msgspec.json.decode(response.content))
    assert problem.type.startswith(_TYPE), f"A problem of type {problem.type!r}"
    assert problem.status == response.status_code, "The problem tells another status"
    assert problem.detail.strip(), "The problem says nothing"
    assert problem.title.strip(), "The problem has no title"
    assert problem.errors is None or all(error.field and error.detail for error in problem.errors), "No field is named"
    return None


def security_headers_are_there(_ctx: CheckContext, response: Response, _case: AnyCase) -> bool | None:
    if _is_unread(response):
        return True
    for name in SECURITY_HEADERS:
        assert response.headers.get(name.lower()), f"Without the header {name}"
    assert "server" not in response.headers, "The answer tells which server it is"
    return None


def nothing_fails_while_all_is_well(_ctx: CheckContext, response: Response, _case: AnyCase) -> bool | None:
    """503 is documented, for a database that is away. It is not."""
    assert response.status_code < 500, f"Answered {response.status_code}: {response.text[:300]}"
    return None


def only_those_get_in_who_may(document: Document) -> CheckFunction:
    """Nobody gets in without a token, and a viewer changes nothing."""

    def entrance_is_guarded(_ctx: CheckContext, response: Response, case: AnyCase) -> bool | None:
        operation = document.operation(case.operation.label)
        role = case.headers.get(ROLE)
        if case.method.lower() != operation.method or ELSEWHERE in case.headers:
            return True
        if operation.schemes and role == NOBODY and "access_token" not in case.query:
            assert response.status_code >= 400, "Somebody without a token got in"
        if operation.is_for_admins and role == Role.VIEWER.value:
            assert response.status_code >= 400, "A viewer did what is for admins"
        return None

    return entrance_is_guarded


def _is_unread(response: Response) -> bool:
    return response.status_code in _UNREAD and "x-request-id" not in response.headers
