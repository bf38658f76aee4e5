"""What the change feed goes through, as numbers."""

from __future__ import annotations

import psycopg

from roadlens.observability.feed import FeedMetrics
from roadlens.observability.metrics import Metrics
from roadlens.storage.change_feed.keeping import Detached
from tests.support.scrape import Scrape


def test_losses_by_reason_and_settling() -> None:
    metrics = Metrics()
    count = FeedMetrics(metrics)
    count.lost(Detached("a renewal came back too late"))
    count.lost(psycopg.OperationalError("gone"))
    count.lost(psycopg.OperationalError("gone again"))
    count.settled(0.25)
    seen = Scrape.of(metrics)
    assert seen.value("feed_losses_total", reason="lease") == 1
    assert seen.value("feed_losses_total", reason="connection") == 2
    assert seen.value("feed_settling_duration_seconds_sum") == 0.25
