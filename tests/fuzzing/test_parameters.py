"""No operation is asked blindly: every parameter of the API has values of ours, and one that has none is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fuzzing.document import Document, Operation
from fuzzing.parameters import NoStrategy, strategy
from fuzzing.well_meant import of_address
from tests.support.api import Api

ENUMERATED = {"anyOf": [{"$ref": "#/components/schemas/RiskLevel"}, {"type": "null"}]}


async def test_every_parameter_has_values(api: Api) -> None:
    operations = list(Document(api.app.openapi()).operations())
    assert len(operations) > 50
    for operation in operations:
        for parameter in operation.parameters:
            assert strategy(operation, parameter) is not None
            if parameter["in"] == "path":
                assert of_address(operation, parameter["name"]) is not None


@pytest.mark.parametrize("where", ["path", "query"])
async def test_a_new_id_is_named(api: Api, where: str) -> None:
    document = Document(api.app.openapi())
    operation = replace(document.operation("GET /healthz"), path="/depots/{depot_id}")
    with pytest.raises(NoStrategy, match=r"GET /depots/\{depot_id\}: the parameter 'depot_id' is new.*BY_NAME"):
        strategy(operation, {"name": "depot_id", "in": where, "schema": {"type": "string"}})
    with pytest.raises(NoStrategy, match=r"the parameter 'depot_id' is new.*well_meant"):
        of_address(operation, "depot_id")


async def test_choices_numbers_and_switches_need_no_name(api: Api) -> None:
    document = Document(api.app.openapi())
    operation: Operation = document.operation("GET /api/v1/admin/drivers")
    for schema in (ENUMERATED, {"type": "integer"}, {"anyOf": [{"type": "boolean"}, {"type": "null"}]}):
        assert strategy(operation, {"name": "new", "in": "query", "schema": schema}) is not None


async def test_who_may_ask_is_read_from_the_document(api: Api) -> None:
    document = Document(api.app.openapi())
    assert document.operation("DELETE /api/v1/admin/drivers/{driver_id}").is_for_admins
    assert document.operation("GET /api/v1/admin/audit").is_for_admins
    assert not document.operation("GET /api/v1/admin/drivers").is_for_admins
    assert not document.operation("GET /healthz").schemes
    assert document.operation("GET /api/v1/auth/me").schemes
