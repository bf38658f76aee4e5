"""The OpenAPI document: FastAPI's own, with every error described as the problem that it is."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI

from roadlens.api.problems import MEDIA_TYPE, Problem
from roadlens.api.schemas.answer import Answer

_SCHEMA = {"$ref": "#/components/schemas/Problem"}


def problems(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """The `responses` of routes that may answer these errors."""
    return {
        status.value: {"description": status.phrase, "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}
        for status in statuses
    }


ALWAYS: Final = (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
GUARDED: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, *ALWAYS)


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
        return super().openapi()
