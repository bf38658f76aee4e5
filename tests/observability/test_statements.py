"""Statements by their first word."""

from __future__ import annotations

import pytest

from roadlens.observability.metrics import Metrics
from roadlens.observability.statements import StatementMetrics
from roadlens.storage.database import Database
from tests.api.routes.test_ingest import GOOD, TRACCAR, Sender
from tests.support.api import Api
from tests.support.scrape import Scrape


@pytest.mark.parametrize(
    ("statement", "operation"),
    [
        ("SELECT 1", "select"),
        ("\n    insert INTO drivers VALUES (1)", "insert"),
        ("UPDATE\ndrivers SET x = 1", "update"),
        ("DELETE FROM drivers", "delete"),
        ("COPY drivers FROM STDIN", "copy"),
        ("WITH a AS (SELECT 1) SELECT * FROM a", "with"),
        ("SELECTED nonsense", "other"),
        ("LOCK TABLE drivers", "other"),
        ("  ", "other"),
    ],
)
def test_what_a_statement_does(statement: str, operation: str) -> None:
    metrics = Metrics()
    StatementMetrics(metrics)(statement, 0.5)
    seen = Scrape.of(metrics)
    assert seen.labels("db_queries_total") == [{"operation": operation}]
    assert seen.value("db_query_duration_seconds_sum", operation=operation) == 0.5


async def test_a_database_s_statements_are_counted_once_each(database: Database) -> None:
    metrics = Metrics()
    database.observe(StatementMetrics(metrics))
    async with database.read() as session:
        for _ in range(3):
            await session.value("SELECT count(*) FROM drivers")
    assert Scrape.of(metrics).value("db_queries_total", operation="select") == 3
    assert Scrape.of(metrics).value("db_query_duration_seconds_count", operation="select") == 3


async def test_statements_of_requests_are_counted_apart_from_those_of_live_positions(api: Api) -> None:
    sender = await Sender(api).admit()

    def counted() -> tuple[float, float]:
        seen = Scrape.of(api.app.state.metrics)
        names = ("db_queries_total", "db_request_queries_total")
        every, of_requests = (sum(seen.value(name, **found) for found in seen.labels(name)) for name in names)
        return every, of_requests

    before = counted()
    await api.answer("/admin/drivers")
    asked = counted()
    assert asked[0] - before[0] == asked[1] - before[1]  # the look for whose token it is among them
    assert asked[1] > before[1]
    assert (await sender.send(TRACCAR, GOOD)).status_code == 200
    assert counted()[0] > asked[0]
    assert counted()[1] == asked[1]
