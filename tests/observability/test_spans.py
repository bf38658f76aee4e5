"""What a collector of OpenTelemetry gets: requests, statements, deliveries with their steps, and nothing secret."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from roadlens.observability.journal import Journal
from roadlens.observability.tracing import Tracer, tracer
from roadlens.storage.database import Database
from roadlens.telemetry.steps import STEPS
from tests.api.routes.test_ingest import GOOD, TRACCAR, Sender
from tests.support.api import Api, open_api
from tests.support.log_file import LogFile, opened_log
from tests.support.otlp import Receiver, running_receiver
from tests.support.postgres import Server
from tests.support.versions import until

SERVER, CLIENT, INTERNAL = 2, 3, 1
CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = {"traceparent": f"00-{CALLER[0]}-{CALLER[1]}-01"}


@dataclass(frozen=True)
class Traced:
    api: Api
    log: LogFile
    receiver: Receiver
    tracer: Tracer

    async def sent(self) -> Receiver:
        """What has come in when all that has been done is sent."""
        await asyncio.to_thread(self.tracer.close)
        # Whoever closes waits for some seconds, which a busy machine may need for other things.
        await until(lambda: "last spans" not in {thread.name for thread in threading.enumerate()})
        return self.receiver


@pytest.fixture
async def traced(
    postgres: Server, fleet_template: str, password_hash: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Traced]:
    with running_receiver() as receiver, opened_log(tmp_path / "log") as log, postgres.copy_of(fleet_template) as url:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint)
        keeping = tracer(None, "test")
        assert keeping is not None
        database = Database.open(url, pool_size=5, max_connections=20, durable=True)
        journal = Journal(log.handler, tracer=keeping)
        async with open_api(database, url, password_hash, journal, ROADLENS_CACHE_AUDIT="0") as api:
            yield Traced(api, log, receiver, keeping)
        await database.close()


async def test_a_request_with_its_statements(traced: Traced) -> None:
    answer = await traced.api.get("/admin/drivers", search="Geheim")
    (line,) = traced.log.of(endpoint="list_drivers")
    receiver = await traced.sent()
    (request,) = receiver.named("GET /api/v1/admin/drivers")
    assert request.kind == SERVER
    assert not request.failed
    assert request.attributes["http.request.method"] == "GET"
    assert request.attributes["http.route"] == "/api/v1/admin/drivers"
    assert request.attributes["http.response.status_code"] == 200
    assert request.attributes["roadlens.cache"] == "miss"
    assert request.attributes["roadlens.request_id"] == answer.headers["X-Request-ID"]
    assert (line["trace_id"], line["span_id"]) == (request.trace_id, request.span_id)
    statements = [span for span in receiver.spans if span.parent_id == request.span_id]
    assert len(statements) == line["statements"] > 1
    for statement in statements:
        assert statement.kind == CLIENT
        assert statement.attributes["db.system.name"] == "postgresql"
        assert statement.name == statement.attributes["db.operation.name"]
        assert str(statement.attributes["db.query.text"]).startswith(statement.name)
        assert 0 < statement.seconds < request.seconds
    assert request.resource["service.name"] == "roadlens"
    assert not any(b"eheim" in body or b"Bearer" in body for body in receiver.bodies)


async def test_a_hit_is_in_the_trace_of_who_asks(traced: Traced) -> None:
    for _ in range(2):
        headers = {"Authorization": f"Bearer {next(iter(traced.api.tokens.values()))}", **TRACEPARENT}
        await traced.api.client.get("/api/v1/admin/dashboard/summary", headers=headers)
    receiver = await traced.sent()
    found = receiver.named("GET /api/v1/admin/dashboard/summary")
    assert [span.attributes["roadlens.cache"] for span in found] == ["miss", "hit memory"]
    assert {(span.trace_id, span.parent_id) for span in found} == {CALLER}
    assert [line["trace_id"] for line in traced.log.of(endpoint="summary")] == [CALLER[0]] * 2
    assert not [span for span in receiver.spans if span.parent_id == found[1].span_id]


async def test_who_is_not_to_be_traced_is_not(traced: Traced) -> None:
    await traced.api.client.get("/healthz", headers={"traceparent": f"00-{CALLER[0]}-{CALLER[1]}-00"})
    await traced.api.client.get("/readyz", headers={"traceparent": "nonsense\x1b[31m"})
    receiver = await traced.sent()
    assert receiver.named("GET /healthz") == []
    assert len(receiver.named("GET /readyz")) == 1


async def test_a_delivery_with_its_steps(traced: Traced) -> None:
    sender = await Sender(traced.api).admit()
    assert (await sender.send(TRACCAR, GOOD)).status_code == 200
    receiver = await traced.sent()
    (delivery,) = receiver.named("delivery")
    assert delivery.kind == INTERNAL
    steps = [span for span in receiver.spans if span.parent_id == delivery.span_id and span.name.startswith("step ")]
    assert [step.name for step in steps] == [f"step {step.__name__}" for step in STEPS]
    (kept,) = receiver.named("step deduplicate")
    assert any(span.parent_id == kept.span_id and span.kind == CLIENT for span in receiver.spans)


async def test_a_failure_is_marked(traced: Traced) -> None:
    @traced.api.app.get("/breaks")
    async def breaks() -> None:
        raise RuntimeError("unexpected")

    await traced.api.client.get("/breaks")
    (span,) = [span for span in (await traced.sent()).spans if span.attributes.get("http.response.status_code") == 500]
    assert span.failed
    assert span.attributes["error.type"] == "500"
