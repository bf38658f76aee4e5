"""Two hundred ask two workers for the same at once; and what a hit costs. Counted by the metrics of both together."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from tests.support.pair import Pair, Worker
from tests.support.valkey import Valkey
from tests.support.workers import stopped, until

SUMMARY = "/admin/dashboard/summary"
OF_EACH_WORKER = 100
NUMBERS = itertools.count(1)


class Line:
    """A connection to one worker, on which a request can be sent without waiting for its answer."""

    def __init__(self, worker: Worker, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.worker = worker
        self._reader = reader
        self._writer = writer

    async def send(self, path: str) -> None:
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.worker.token}\r\n\r\n"
        self._writer.write(head.encode())
        await self._writer.drain()

    async def answer(self) -> tuple[str, bytes]:
        """Its `Cache-Status` and body."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        assert head.startswith("http/1.1 200 "), head
        assert headers["x-request-id"].startswith(f"{self.worker.name}-"), "another worker answered"
        return headers.get("cache-status", ""), await self._reader.readexactly(int(headers["content-length"]))

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


@asynccontextmanager
async def lines(pair: Pair, each: int) -> AsyncIterator[list[Line]]:
    """So many connections to each worker, which have all been taken."""
    opened: list[Line] = []
    try:
        for worker in pair.workers:
            (other,) = worker.others
            with stopped(other.pid):
                mine = [
                    Line(worker, *await asyncio.open_connection(worker.base_url.host, worker.base_url.port))
                    for _ in range(each)
                ]
                opened += mine
                for line in mine:
                    await line.send("/healthz")
                for line in mine:
                    await line.answer()
        yield opened
    finally:
        for line in opened:
            await line.close()


@pytest.mark.parametrize("redis_is_there", [True, False])
async def test_two_hundred_misses_at_once_run_the_endpoint_once(
    pair: Pair, redis_of_pair: Valkey, redis_is_there: bool
) -> None:
    """While its statement waits for a lock that the test holds, everybody asks; without Redis each worker asks once.

    Not always: where this machine is so busy that Redis does not answer in time, or a lease ends, some are computed.
    """
    most, seen = 1 if redis_is_there else 2, []
    if not redis_is_there:
        redis_of_pair.stop()
    try:
        for _ in range(10):
            ran, statements, told = await two_hundred_ask(pair, redis_is_there=redis_is_there)
            seen.append((ran, statements, told))
            if 1 <= ran <= most and 1 <= statements <= most and told["roadlens; fwd=miss; stored"] == ran:
                return
    finally:
        if not redis_is_there:
            redis_of_pair.start()
            until(pair.redis_is_used)
    raise AssertionError(seen)


async def two_hundred_ask(pair: Pair, *, redis_is_there: bool) -> tuple[float, float, Counter[str]]:
    """How often it was computed, how many statements ran, and what the answers say of the cache."""
    url = pair.installation.settings["DATABASE_URL"].replace("+psycopg", "")
    for worker in pair.workers:
        worker.verdict("/admin/vehicles")  # who asks is known from here on
    await asyncio.to_thread(until, pair.redis_is_used if redis_is_there else pair.redis_is_away)
    async with lines(pair, OF_EACH_WORKER + 1) as opened:
        pinging = [opened[OF_EACH_WORKER], opened[-1]]
        asking = [line for line in opened if line not in pinging]
        with psycopg.connect(url) as holder:
            pair.workers[0].edit("PATCH", "/admin/drivers/DRV-0002", {"city": f"{next(NUMBERS)}"})
            before = pair.scrape()
            holder.execute("LOCK TABLE fleet_totals IN ACCESS EXCLUSIVE MODE")
            for line in asking:
                await line.send(f"/api/v1{SUMMARY}")
            # A worker takes what has come in the order in which it came: who is answered now has them behind it.
            for _ in range(3):
                for line in pinging:
                    await line.send("/healthz")
                    await line.answer()
            await asyncio.to_thread(until, lambda: waiting(url) > 0)
            holder.rollback()
        answers = [await line.answer() for line in asking]
    after = pair.scrape()
    assert len({body for _, body in answers}) == 1
    told = Counter(status for status, _ in answers)
    assert sum(told.values()) == 2 * OF_EACH_WORKER
    loads = "cache_load_duration_seconds_count", "db_queries_total"
    ran, statements = (
        after.value(name, **labels) - before.value(name, **labels)
        for name, labels in zip(loads, ({"key_prefix": "dashboard_summary"}, {"operation": "select"}), strict=True)
    )
    return ran, statements, told


def waiting(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchone()
    assert row is not None
    count: int = row[0]
    return count


def test_a_hit_costs_no_statement_and_no_command_to_redis(pair: Pair, redis_of_pair: Valkey) -> None:
    paths = (SUMMARY, "/admin/drivers?limit=2", "/admin/drivers/DRV-0001/statistics")

    def commands() -> int:
        with redis_of_pair.client() as client:
            done: int = client.info("stats")["total_commands_processed"]
            return done

    def costs_nothing() -> bool:
        """Not always: each minute a worker measures the database, and a busy machine has it attach anew."""
        for worker in pair.workers:
            for path in paths:
                worker.verdict(path)
        before, first = pair.scrape(), commands()
        second = commands()
        details = [
            worker.get(path).headers["Cache-Status"].rpartition("detail=")[2]
            for _ in range(50)
            for worker in pair.workers
            for path in paths
        ]
        more = commands() - second - (second - first)  # than asking for the number costs
        after = pair.scrape()
        names = ("db_queries_total", "redis_operations_total", "cache_misses_total", "cache_bypasses_total")
        grown = [
            (name, labels)
            for name in names
            for labels in after.labels(name)
            if after.value(name, **labels) != before.value(name, **labels)
        ]
        hits = {"endpoint": "summary", "key_prefix": "dashboard_summary"}
        counted = after.value("cache_hits_total", **hits) - before.value("cache_hits_total", **hits)
        return set(details) == {"memory"} and more == 0 and not grown and counted == 100

    until(costs_nothing)
