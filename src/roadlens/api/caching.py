"""Which routes are kept: reads it off the application's own routes, and refuses what could not hold.

Parameters are read with the route's own fields, so that a key means what the endpoint is given. Wrong ones make no key:
the application then says what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params, request_params_to_args
from fastapi.params import Path, Query
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.datastructures import QueryParams

from roadlens.api.security import GUARDS
from roadlens.cache.http import FindKey
from roadlens.cache.keys import Key, canonical
from roadlens.cache.policy import Policy, PolicyError, policy_of


@dataclass(frozen=True, slots=True)
class CachedRoute:
    """A route whose answers are kept."""

    policy: Policy
    endpoint: str
    route: RouteContext

    def key(self, path: str, path_parameters: Mapping[str, str], query: bytes) -> Key | None:
        """The key of the answer there; None where a parameter is wrong, or all together too long to keep."""
        dependant = self.route.dependant
        found = _values(dependant, Path, path_parameters)
        asked = _values(dependant, Query, QueryParams(query))
        if found is None or asked is None:
            return None
        url = canonical(path, asked)
        return None if url is None else Key(self.policy, self.endpoint, url, found)


def find_key(app: FastAPI) -> FindKey:
    """How to find the key of a request to this application, whose routes are complete.

    Raises:
        PolicyError: a route's policy cannot hold; the message names the route.
    """
    gets = [route for route in iter_route_contexts(app.routes) if "GET" in (route.methods or ())]
    cached = {id(route.endpoint): _cached(route) for route in gets}
    _check_prefixes([route for route in cached.values() if route is not None])
    return partial(_find, [(route, cached[id(route.endpoint)]) for route in gets])


def _find(routes: list[tuple[RouteContext, CachedRoute | None]], path: str, query: bytes) -> Key | None:
    for route, cached in routes:
        if match := route.path_regex.match(path):  # the first that matches answers, as in the application
            return None if cached is None else cached.key(path, match.groupdict(), query)
    return None


def _cached(route: RouteContext) -> CachedRoute | None:
    endpoint = route.endpoint
    policy = None if endpoint is None else policy_of(endpoint)
    if endpoint is None or policy is None:
        return None
    where = f"GET {route.path} ({endpoint.__name__})"
    guards = [GUARDS[call] for call in _calls(route.dependant) if call in GUARDS]
    if guards and policy.audience is None:
        raise PolicyError(
            f"{where} asks who is asking, but its policy names no audience: a hit would let everybody in."
        )
    if policy.audience is not None and policy.audience not in guards:
        raise PolicyError(f"{where} is kept for {policy.audience}, but its own dependencies admit another audience.")
    policy.check(where, list(route.param_convertors))
    return CachedRoute(policy, endpoint.__name__, route)


def _check_prefixes(routes: list[CachedRoute]) -> None:
    seen: dict[str, CachedRoute] = {}
    for route in routes:
        other = seen.setdefault(route.policy.key_prefix, route)
        if other.policy != route.policy:
            raise PolicyError(
                f"{other.route.path} and {route.route.path} have different policies under the one key prefix "
                f"{route.policy.key_prefix!r}: give each its own."
            )


def _calls(dependant: Dependant) -> Iterator[object]:
    for below in dependant.dependencies:
        yield below.call
        yield from _calls(below)


def _values(dependant: Dependant, kind: type, received: Mapping[str, Any] | QueryParams) -> dict[str, str] | None:
    """The parameters of a kind as the endpoint would get them, as text by the name they are sent under."""
    fields = [field for field in get_flat_params(dependant) if isinstance(field.field_info, kind)]
    values, errors = request_params_to_args(fields, received)
    if errors:
        return None
    return {field.alias: _text(values[field.name]) for field in fields if values.get(field.name) is not None}


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    return str(value.value if isinstance(value, Enum) else value)
