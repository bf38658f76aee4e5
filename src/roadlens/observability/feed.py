"""Counts what the change feed goes through: attachments that are lost, and how long edits wait for the workers."""

from __future__ import annotations

from roadlens.observability.metrics import Metrics
from roadlens.storage.change_feed.keeping import Detached


class FeedMetrics:
    """Told by a `ChangeFeed` and by `Database.observe_settling`."""

    def __init__(self, metrics: Metrics) -> None:
        self._losses = metrics.counters("feed_losses_total").begin(("lease",), ("connection",))
        self._settling = metrics.durations("feed_settling_duration_seconds")

    def lost(self, why: Exception) -> None:
        """An attachment has ended before it should: its lease was not renewed in time, or its connection is gone."""
        self._losses.add(("lease" if isinstance(why, Detached) else "connection",))

    def settled(self, seconds: float) -> None:
        """An edit has waited so long until every worker knew of it."""
        self._settling.add((), seconds)
