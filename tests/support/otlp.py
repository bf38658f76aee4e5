"""A receiver of traces: takes what OpenTelemetry's exporter sends over HTTP, and reads it."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True)
class Received:
    """A span as it came."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    kind: int
    seconds: float
    failed: bool
    attributes: dict[str, str | int]
    resource: dict[str, str | int]


@dataclass
class Receiver:
    """What has come in by now, and where it comes in."""

    endpoint: str = ""
    spans: list[Received] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def named(self, name: str) -> list[Received]:
        return [span for span in self.spans if span.name == name]

    def take(self, body: bytes) -> None:
        self.bodies.append(body)
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            resource = _values(group.resource.attributes)
            for scope in group.scope_spans:
                self.spans += [_received(span, resource) for span in scope.spans]


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/v1/traces"
            receiver.take(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.endpoint = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


def _received(span: object, resource: dict[str, str | int]) -> Received:
    return Received(
        name=span.name,  # type: ignore[attr-defined]  # generated code says its types to no checker
        trace_id=span.trace_id.hex(),  # type: ignore[attr-defined]  # as above
        span_id=span.span_id.hex(),  # type: ignore[attr-defined]  # as above
        parent_id=span.parent_span_id.hex(),  # type: ignore[attr-defined]  # as above
        kind=span.kind,  # type: ignore[attr-defined]  # as above
        seconds=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,  # type: ignore[attr-defined]  # as above
        failed=span.status.code == 2,  # type: ignore[attr-defined]  # as above
        attributes=_values(span.attributes),  # type: ignore[attr-defined]  # as above
        resource=resource,
    )


def _values(attributes: object) -> dict[str, str | int]:
    return {
        found.key: getattr(found.value, found.value.WhichOneof("value"))
        for found in attributes  # type: ignore[attr-defined]  # generated code says its types to no checker
    }
