"""Traces by OpenTelemetry. This alone imports it, and is imported only where traces are wanted.

What OpenTelemetry's own variables say of the service, the sampler, the batches and the endpoint its SDK reads itself.
Attributes have the names of its semantic conventions; those that it has none for begin with `roadlens.`. No value that
somebody sent is among them but the request's id.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from typing import Final, cast

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import extract
from opentelemetry.propagators.textmap import Getter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, format_span_id, format_trace_id, set_span_in_context
from opentelemetry.trace import Tracer as OtelTracer

from roadlens import __version__
from roadlens.observability import under_way
from roadlens.observability.tracing import Attributes, Kind

_KINDS: Final = {Kind.SERVER: SpanKind.SERVER, Kind.INTERNAL: SpanKind.INTERNAL}

# Seconds that a process which ends waits for its last spans to be taken.
CLOSE_S: Final = 3.0


class Stretch:
    """A span, and the ids that the log knows it by."""

    __slots__ = ("span", "span_id", "trace_id")

    def __init__(self, span: Span) -> None:
        context = span.get_span_context()
        self.span = span
        self.trace_id = format_trace_id(context.trace_id)
        self.span_id = format_span_id(context.span_id)


class _Headers(Getter[Mapping[bytes, bytes]]):
    """Reads headers as ASGI has them."""

    def get(self, carrier: Mapping[bytes, bytes], key: str) -> list[str] | None:
        found = carrier.get(key.lower().encode())
        return None if found is None else [found.decode("latin-1")]

    def keys(self, carrier: Mapping[bytes, bytes]) -> list[str]:
        return [name.decode("latin-1") for name in carrier]


_HEADERS: Final = _Headers()


class Spans:
    """A `Tracer` that sends spans behind what is done, some at a time, from a thread of its own."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer: OtelTracer = provider.get_tracer("roadlens", __version__)

    def begin(
        self, name: str, kind: Kind, parent: under_way.Span | None, asked: Mapping[bytes, bytes]
    ) -> under_way.Span:
        if parent is not None:
            context = set_span_in_context(cast(Stretch, parent).span)
        else:
            context = extract(asked, getter=_HEADERS)
        return Stretch(self._tracer.start_span(name, context, _KINDS[kind]))

    def end(self, span: under_way.Span, name: str, attributes: Attributes, *, failed: bool) -> None:
        ours = cast(Stretch, span).span
        ours.update_name(name)
        ours.set_attributes(attributes)
        if failed:
            ours.set_attribute("error.type", str(attributes.get("http.response.status_code", "failed")))
            ours.set_status(Status(StatusCode.ERROR))
        ours.end()

    def statement(self, within: under_way.Span, statement: str, seconds: float) -> None:
        parent = cast(Stretch, within).span
        if not parent.is_recording():
            return
        ended = time.time_ns()
        text = " ".join(statement.split())
        operation = text.partition(" ")[0].upper()
        attributes = {"db.system.name": "postgresql", "db.operation.name": operation, "db.query.text": text}
        self._tracer.start_span(
            operation,
            set_span_in_context(parent),
            SpanKind.CLIENT,
            attributes,
            start_time=ended - int(seconds * 1e9),
        ).end(ended)

    def close(self) -> None:
        # A collector that is away would hold up the end of the process; who does not wait for the thread goes on.
        ending = threading.Thread(target=self._provider.shutdown, name="last spans", daemon=True)
        ending.start()
        ending.join(CLOSE_S)


def begin(process: str) -> Spans:
    """Keep traces of this process."""
    resource = Resource.create({SERVICE_VERSION: __version__, "process.pid": os.getpid(), "roadlens.process": process})
    # What the SDK says where its variables name no service.
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: "roadlens"}))
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Spans(provider)
