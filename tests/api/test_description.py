"""What the description of the API calls valid is taken, and what it does not is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.support.api import Api

NUL = "\0"


def takes(schema: dict[str, Any], text: str) -> bool:
    """Whether a text fits one of the kinds of values that a schema lists."""
    return any(
        kind.get("type") == "string"
        and "format" not in kind
        and text in kind.get("enum", [text])
        and re.search(kind.get("pattern", ""), text) is not None
        for kind in schema.get("anyOf", [schema])
    )


def texts(paths: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where each parameter that is free text is asked for with NUL as its value, and its schema."""
    for path, item in paths.items():
        for parameter in item.get("get", {}).get("parameters", []):
            name, schema = parameter["name"], parameter["schema"]
            if takes(schema, "text") and parameter["in"] == "path":
                yield re.sub("{[^}]*}", "1", path.replace(f"{{{name}}}", "%00")), schema
            elif takes(schema, "text") and parameter["in"] == "query":
                yield f"{re.sub('{[^}]*}', '1', path)}?{name}=%00", schema


async def test_text_with_nul_is_refused_where_it_is_said_to_be_and_only_there(api: Api) -> None:
    found = list(texts(api.app.openapi()["paths"]))
    assert any("/devices/%00" in address for address, _ in found)
    for address, schema in found:
        answer = await api.get(address.removeprefix("/api/v1"))
        refused = answer.status_code == 422 and "NUL" in answer.text
        assert refused is not takes(schema, NUL), f"{address}: {schema}, {answer.text}"
