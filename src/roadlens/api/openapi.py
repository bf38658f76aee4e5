"""The OpenAPI document: FastAPI's own, with every error described as the problem that it is, and what answers share."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from roadlens.api.problems import MEDIA_TYPE, Problem
from roadlens.api.schemas.answer import Answer
from roadlens.cache.policy import policy_of

_SCHEMA = {"$ref": "#/components/schemas/Problem"}


def problems(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """The `responses` of routes that may answer these errors."""
    return {
        status.value: {"description": status.phrase, "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}
        for status in statuses
    }


ALWAYS: Final = (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
GUARDED: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, *ALWAYS)

# What stands in front of every route that takes a body, or that is kept.
_OF_A_BODY: Final = problems(HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
_OF_WHAT_IS_KEPT: Final = {"304": {"description": "What you have under the ETag of `If-None-Match` is what there is."}}


class DescribedApi(FastAPI):
    """FastAPI that knows the shape of a problem, and keeps what is null in the examples: it leaves that out."""

    def openapi(self) -> dict[str, Any]:
        if not self.openapi_schema:
            schemas = super().openapi().setdefault("components", {}).setdefault("schemas", {})
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(problem.pop("$defs"))
            schemas["Problem"] = problem
            for kind in Answer.kinds():
                if kind.__name__ in schemas:
                    schemas[kind.__name__] |= kind.model_config.get("json_schema_extra") or {}
            self._describe_what_is_shared(super().openapi()["paths"])
        return super().openapi()

    def _describe_what_is_shared(self, paths: dict[str, dict[str, Any]]) -> None:
        """What routes need not say themselves, for it is not they who answer it."""
        for methods in paths.values():
            for operation in methods.values():
                if "requestBody" in operation:
                    operation["responses"] |= {str(status): said for status, said in _OF_A_BODY.items()}
        for route in iter_route_contexts(self.routes):
            if route.endpoint is not None and policy_of(route.endpoint) is not None:
                paths[str(route.path_format)]["get"]["responses"] |= _OF_WHAT_IS_KEPT
