"""Turns what Schemathesis draws from the OpenAPI document into what we send: who asks, with which ids, headers, bodies.

Half of the cases stay as they were drawn, so that it can be said whether what is valid is accepted and what is not is
refused; of the other half, marked by a header, only that can be asked which holds for every answer.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import httpx
from hypothesis import strategies as st
from schemathesis import Case, Response

from fuzzing import parameters, texts, well_meant
from fuzzing.bodies import bodies
from fuzzing.document import INGEST, Document, Operation
from fuzzing.positions import SOUND_BY_PATH
from fuzzing.stock import IDS
from fuzzing.target import Target
from roadlens.domain import Role

# A request that was drawn and can be changed.
AnyCase = Case[Any]

OURS: Final = "X-Fuzz-Values"
ROLE: Final = "X-Fuzz-Role"
ELSEWHERE: Final = "X-Fuzz-Elsewhere"
NOBODY: Final = "nobody"

_ROLES: Final = st.sampled_from([Role.ADMIN.value, Role.ADMIN.value, Role.ADMIN.value, Role.VIEWER.value, NOBODY])
_MATCHES: Final = st.sampled_from(
    [
        f"{texts.MARK}etag", "*", '"1"', 'W/"1"', '"1", "2"', '"999999999"', '"9999999999"', "1", '"', '""',
        "not a tag", ", " * 400, '"1"' * 300, '"0-abc"',
    ]
)  # fmt: skip
_HEADERS: Final = st.fixed_dictionaries(
    {},
    optional={
        "Accept": st.sampled_from(
            ["*/*", "application/json", "text/html", "text/csv", "application/xml;q=0", "", "garbage"]
        ),
        "Accept-Encoding": st.sampled_from(
            ["", "identity", "gzip", "zstd", "gzip;q=0, *;q=1", "*;q=0", "identity;q=0", "br", "gzip;q=2", ";;,;q=,"]
        ),
        "If-None-Match": st.sampled_from(["*", '"x"', f"{texts.MARK}etag", "garbage", 'W/"a", "b"', '"' * 50]),
        "Cache-Control": st.sampled_from(
            ["no-cache", "no-store", "max-age=0", "only-if-cached", "max-age=99999999999999"]
        ),
        "Range": st.sampled_from(["bytes=0-10", "bytes=-1", "lines=1"]),
        "If-Modified-Since": st.sampled_from(["Mon, 02 Mar 2026 08:00:00 GMT", "yesterday"]),
        "X-Request-ID": st.sampled_from(["a", "a" * 300, "é"]),
        "X-Forwarded-For": st.sampled_from(["1.2.3.4", "::1", "fe80::1%eth0", "unknown", "1.2.3.4, 5.6.7.8", "[", ""]),
        "Origin": st.sampled_from(["https://elsewhere.example", "null"]),
        "Host": st.sampled_from(["elsewhere.example", "localhost:1"]),
    },
)
_TYPES: Final = st.sampled_from(
    ["application/json; charset=utf-16", "text/plain", "application/xml", "application/json;", "a/b; boundary=", "json"]
)
_CODINGS: Final = st.sampled_from(["gzip", "br", "identity", "x-gzip", "gzip, gzip"])


@st.composite
def changed(draw: st.DrawFn, drawn: st.SearchStrategy[AnyCase], operation: Operation) -> AnyCase:
    """A case as it was drawn, or with values of ours."""
    case = draw(drawn)
    if draw(st.booleans()):
        return case
    case.headers[OURS] = "1"
    if draw(st.integers(0, 3)) == 3:  # small numbers are drawn more often
        _mean_well(draw, case, operation)
        return case
    case.headers[ROLE] = draw(_ROLES)
    case.headers.update(draw(_HEADERS))
    if operation.takes_match and draw(st.booleans()):
        case.headers["If-Match"] = draw(_MATCHES)
    _put_values(draw, case, operation)
    if (own := bodies(operation)) is not None:
        case.body = draw(own)
        if draw(st.integers(0, 9)) == 0:
            case.headers["Content-Type"] = draw(_TYPES)
        if draw(st.integers(0, 19)) == 0:
            case.headers["Content-Encoding"] = draw(_CODINGS)
    return case


def _mean_well(draw: st.DrawFn, case: AnyCase, operation: Operation) -> None:
    """As somebody asks who wants it done."""
    case.headers[ROLE] = Role.ADMIN.value
    if operation.takes_match and draw(st.booleans()):
        case.headers["If-Match"] = f"{texts.MARK}etag"
    else:
        case.headers.pop("If-Match", None)
    case.query.clear()
    for parameter in operation.parameters:
        name = parameter["name"]
        if parameter["in"] == "path":
            case.path_parameters[name] = draw(well_meant.of_address(operation, name))
        elif (values := well_meant.of_query(operation, parameter)) is not None and draw(st.booleans()):
            case.query[name] = draw(values)
    if bodies(operation) is not None:
        case.body = draw(SOUND_BY_PATH.get(operation.path, well_meant.body(operation)))


def _put_values(draw: st.DrawFn, case: AnyCase, operation: Operation) -> None:
    """Ids and parameters; of the latter some twice, some not at all, and some that nobody knows."""
    for parameter in operation.parameters:
        values = parameters.strategy(operation, parameter)
        if parameter["in"] == "path":
            case.path_parameters[parameter["name"]] = draw(values)
        elif die := draw(st.integers(0, 7)):
            if die < 4:
                case.query[parameter["name"]] = (
                    draw(values) if die > 1 else draw(st.lists(values, min_size=2, max_size=3))
                )
        else:
            case.query.pop(parameter["name"], None)
    if draw(st.integers(0, 7)) == 0:
        case.query[draw(st.sampled_from(["q", "skip", "access_token", "a[]", "\0"]))] = draw(texts.WORDS)


class Sender:
    """Puts into a case what only the running server knows, just before it is sent."""

    def __init__(self, target: Target, document: Document) -> None:
        self._target = target
        self._document = document

    def prepare(self, case: AnyCase) -> None:
        operation = self._document.operation(case.operation.label)
        role = case.headers.pop(ROLE, Role.ADMIN.value)
        for name, value in case.path_parameters.items():
            case.path_parameters[name] = self._meant(value, case)
        for name, value in case.headers.items():
            case.headers[name] = self._meant(value, case)
        # Ids first: a cursor is asked for with the other parameters as they will be sent.
        for name, value in sorted(case.query.items(), key=lambda item: item[0] == "after"):
            case.query[name] = self._meant(value, case)
        case.body = self._meant(case.body, case)
        if role == NOBODY:
            case.headers.pop("Authorization", None)
        elif INGEST in operation.schemes:
            case.headers["Authorization"] = f"Bearer {self._target.ingest_token}"
        elif operation.schemes:
            case.headers["Authorization"] = f"Bearer {self._target.token(Role(role))}"
        case.headers[ROLE] = role
        # Each from elsewhere: what one address has used up does not keep the next from being answered.
        case.headers.setdefault("X-Forwarded-For", self._target.address_of_somebody())

    def after(self, case: AnyCase, response: Response) -> None:
        """An edit of users and everything about signing in may have ended somebody's tokens."""
        if came_elsewhere(case.path, str(response.request.url)):
            case.headers[ELSEWHERE] = "1"
        touches = "/auth/" in case.path or "/users" in case.path
        if touches and case.method.upper() != "GET" and response.status_code < 400:
            self._target.forget_ended()
        if "/admin/" in case.path and case.method.upper() != "GET" and response.status_code < 400:
            self._target.stock.forget()

    def _meant(self, value: Any, case: AnyCase) -> Any:
        if isinstance(value, str):
            return self._note(value[len(texts.MARK) :], case) if value.startswith(texts.MARK) else value
        if isinstance(value, list):
            return [self._meant(each, case) for each in value]
        if isinstance(value, dict):
            return {name: self._meant(each, case) for name, each in value.items()}
        return value

    def _note(self, note: str, case: AnyCase) -> str:
        kind, _, which = note.partition("/")
        if kind == "cursor":
            return self._cursor(which, case)
        if kind == "etag":
            return str(self._ask(case.formatted_path, {}).headers.get("ETag", '"1"'))
        if kind == "fresh":
            return which.format(self._target.stock.number())
        if kind == "same":
            return str(case.path_parameters.get(which, ""))
        if kind == "name-of":
            return self._target.stock.name_of_user(str(case.path_parameters.get(which, "")))
        return self._target.stock.id(kind, int(which)) if which.isdecimal() and kind in IDS else note

    def _cursor(self, kind: str, case: AnyCase) -> str:
        path, query = case.path, {name: value for name, value in case.query.items() if name != "after"}
        if kind == "foreign":
            path, query = "/api/v1/admin/vehicles", {}
        elif kind == "sorted":
            query = {**query, "sort": "name", "order": "desc"}
        else:
            path = case.formatted_path
        answer = self._ask(path, {**query, "limit": "1"})
        found = str((answer.json() if answer.is_success else {}).get("next") or "none")
        if kind == "tampered":
            return found[:-2] + ("A" if found[-2:-1] != "A" else "B") + found[-1:]
        return found * 2 if kind == "doubled" else found

    def _ask(self, path: str, query: dict[str, Any]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._target.token(Role.ADMIN)}"}
        try:
            return self._target.client.get(path, params=query, headers=headers)
        except (ValueError, httpx.InvalidURL):  # what no address can hold
            return self._target.client.get("/healthz")


def came_elsewhere(path: str, url: str) -> bool:
    """Whether an id has changed which operation the address belongs to, as nothing, `..` and `a/b` do."""
    pattern = re.escape(path).replace(r"\{unique_id\}", ".+")
    asked = unquote(urlsplit(url).path)
    if not re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", pattern), asked, re.DOTALL):
        return True
    return "{unique_id}" in path and not path.endswith("/assignments") and asked.endswith("/assignments")
