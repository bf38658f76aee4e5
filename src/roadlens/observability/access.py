"""One line for each request: who asked what, what came of it, and what it took. Never what somebody typed."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from starlette.types import Scope
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from roadlens.cache.engine import How
from roadlens.observability.journal import Journal
from roadlens.observability.lines import ACCESS, Line
from roadlens.observability.under_way import Work

VERDICTS: Final[Mapping[How | None, str]] = {
    How.MEMORY: "hit memory",
    How.SHARED: "hit redis",
    How.MISS: "miss",
    How.UNSTORED: "miss unkept",
    How.COLLAPSED: "miss collapsed",
    How.BYPASS: "bypass",
    None: "none",
}
HITS: Final = (How.MEMORY, How.SHARED)

# An address as a proxy may name it; whatever else stands there is somebody's invention.
_ADDRESS: Final = re.compile(r"[0-9A-Fa-f.:]{2,45}(?:%[0-9A-Za-z]{1,16})?")
UNKNOWN_CLIENT: Final = "unknown"

_FORWARDED: Final = b"x-forwarded-for"
_LEAST_BAD: Final = 500


class Clients:
    """Where requests come from, by the word of the proxies that are believed."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._trusted = ProxyHeadersMiddleware(_nothing, list(trusted)).trusted_hosts if trusted else None

    def of(self, scope: Scope) -> str:
        client = scope.get("client")
        host: str = client[0] if client else ""
        if self._trusted is not None and host in self._trusted:
            told = [value for name, value in scope["headers"] if name == _FORWARDED]
            if told:
                host, _ = self._trusted.get_trusted_client_address(b", ".join(told).decode("latin-1"))
        return _address(host)


@lru_cache(maxsize=1024)
def _address(host: str) -> str:
    return host if _ADDRESS.fullmatch(host) else UNKNOWN_CLIENT


class AccessLog:
    """Writes the lines of requests, and their attributes in a trace."""

    def __init__(self, journal: Journal, routes: Mapping[str, str], trusted: Sequence[str]) -> None:
        """`routes`: the template of the path by the endpoint's name."""
        self._journal = journal
        self._routes = routes
        self._clients = Clients(trusted)
        # Of few kinds, as the labels of metrics are.
        self._named: dict[tuple[str, str, int], tuple[str, str | None]] = {}
        self._least = logging.ERROR if journal.lines is None else journal.lines.least

    def ended(
        self,
        scope: Scope,
        work: Work,
        method: str,
        endpoint: str,
        status: int,
        how: How | None,
        length: int,
        seconds: float,
    ) -> None:
        """A request has ended; `status` and `length` in bytes as they were sent."""
        journal = self._journal
        if journal.lines is not None and (journal.hits or how not in HITS):
            self._write(scope, work, method, endpoint, status, how, length, seconds)
        if work.sql is not None or work.span is not None:
            route = self._routes.get(endpoint)
            name = method if route is None else f"{method} {route}"
            attributes: dict[str, str | int | float] = {
                "http.request.method": method,
                "http.response.status_code": status,
                "url.scheme": scope.get("scheme", "http"),
                "client.address": self._clients.of(scope),
                "roadlens.cache": VERDICTS[how],
                "roadlens.request_id": work.id.decode(),
            }
            if route is not None:
                attributes["http.route"] = route
            if work.user is not None:
                attributes["user.id"] = str(work.user)
            journal.end(work, name, attributes, failed=status >= _LEAST_BAD)

    def _write(
        self,
        scope: Scope,
        work: Work,
        method: str,
        endpoint: str,
        status: int,
        how: How | None,
        length: int,
        seconds: float,
    ) -> None:
        sink, bad = self._journal.lines, status >= _LEAST_BAD
        if sink is None or self._least > (logging.WARNING if bad else logging.INFO):
            return
        records, span = sink.records, work.span
        named = self._named.get((method, endpoint, status))
        if named is None:
            route = self._routes.get(endpoint)
            named = self._named[method, endpoint, status] = f"{method} {route or '-'} {status}", route
        line = Line(
            time=records.clock(time.time()),
            level="warning" if bad else "info",
            logger=ACCESS,
            message=named[0],
            process=records.process,
            pid=records.pid,
            request_id=work.id.decode(),
            trace_id="" if span is None else span.trace_id,
            span_id="" if span is None else span.span_id,
            method=method,
            route=named[1],
            endpoint=endpoint,
            status=status,
            ms=int(seconds * 1e6) / 1000,
            bytes=length,
            user_id=work.user,
            client=self._clients.of(scope),
            cache=VERDICTS[how],
            statements=work.statements,
            statement_ms=int(work.seconds * 1e6) / 1000,
        )
        sink.output.write(sink.form(line))


async def _nothing(*_: object) -> None:
    """Stands where a proxy's middleware has its application: of the middleware only the list of the trusted is used."""
