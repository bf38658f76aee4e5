"""The OpenAPI document as questions about it: which operations there are, what each takes, and who may ask it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_SAFE: Final = ("get",)
_CONFIDENTIAL: Final = ("/audit", "/audit.csv")  # what viewers may not even read
INGEST: Final = "IngestToken"


@dataclass(frozen=True)
class Document:
    content: Mapping[str, Any]

    def operations(self) -> Iterator[Operation]:
        for path, methods in self.content["paths"].items():
            for method, definition in methods.items():
                if method in _METHODS:
                    yield Operation(self, method, path, definition)

    def operation(self, label: str) -> Operation:
        """The operation of a label such as `GET /healthz`."""
        method, _, path = label.partition(" ")
        return Operation(self, method.lower(), path, self.content["paths"][path][method.lower()])

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            found: Any = self.content
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        return schema

    def kinds(self, schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """The schema, and those of which a value may be one."""
        schema = self.resolved(schema)
        yield schema
        for kind in schema.get("anyOf", []):
            yield from self.kinds(kind)


@dataclass(frozen=True)
class Operation:
    document: Document
    method: str
    path: str
    definition: Mapping[str, Any]

    @property
    def label(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def parameters(self) -> list[Mapping[str, Any]]:
        """Those of the address and the query."""
        return [each for each in self.definition.get("parameters", []) if each["in"] in ("path", "query")]

    @property
    def takes_match(self) -> bool:
        """Whether it heeds `If-Match`."""
        return any(each["name"].lower() == "if-match" for each in self.definition.get("parameters", []))

    @property
    def schemes(self) -> set[str]:
        """The names of what lets somebody in; none for what anybody may ask."""
        return {name for required in self.definition.get("security", []) for name in required}

    @property
    def is_for_admins(self) -> bool:
        """Whether a viewer must be refused."""
        if "/admin/" not in self.path:
            return False
        return self.method not in _SAFE or self.path.endswith(_CONFIDENTIAL)

    def body(self) -> tuple[Mapping[str, Any], Any]:
        """The fields of its JSON body by name, and an example of the whole; none of either without such a body."""
        content = self.definition.get("requestBody", {}).get("content", {})
        for media in content.values():
            schema = self.document.resolved(media.get("schema", {}))
            example = media.get("example", next(iter(schema.get("examples", [])), None))
            return schema.get("properties", {}), example
        return {}, None
