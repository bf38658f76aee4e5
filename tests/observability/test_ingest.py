"""What became of positions, as numbers, also when they come over HTTP."""

from __future__ import annotations

from collections import Counter

from roadlens.api import ingest_tokens
from roadlens.observability.ingest import IngestMetrics
from roadlens.observability.metrics import Metrics
from roadlens.storage.writes import ingest_tokens as write_tokens
from roadlens.telemetry.batch import Reason
from roadlens.telemetry.delivery import Outcome
from tests.support.api import Api
from tests.support.scrape import Scrape

FORWARD = {
    "position": {"fixTime": "2026-01-20T14:00:01Z", "valid": True, "latitude": 41.25, "longitude": -95.98, "speed": 20},
    "device": {"uniqueId": "d1", "name": "Van 7"},
}


def test_each_outcome_is_added() -> None:
    metrics = Metrics()
    count = IngestMetrics(metrics)
    count.stored(Outcome(kept=3, dropped=Counter({Reason.DUPLICATE: 2})))
    count.stored(Outcome(kept=1))
    count.committed("batch", 0.5)
    count.refused("single", "busy")
    seen = Scrape.of(metrics)
    assert seen.value("ingest_commit_duration_seconds_sum", kind="batch") == 0.5
    assert seen.value("ingest_refused_total", kind="single", reason="busy") == 1
    assert seen.value("ingest_refused_total", kind="batch", reason="closed") == 0
    assert len(seen.labels("ingest_refused_total")) == 4
    assert seen.value("ingest_positions_total", result="kept") == 4
    assert seen.value("ingest_positions_total", result="duplicate") == 2


async def test_single_ones_and_batches_over_http(api: Api) -> None:
    secret = ingest_tokens.issue()
    async with api.database.write() as session:
        await write_tokens.create(session, "test", name="test", digest=ingest_tokens.digest(secret))
    token = {"Authorization": f"Bearer {secret}"}
    assert (await api.client.post("/api/v1/ingest/traccar", json=FORWARD, headers=token)).status_code == 200
    assert (await api.client.post("/api/v1/ingest/positions", json=[FORWARD], headers=token)).status_code == 200
    seen = Scrape.of(api.app.state.metrics)
    assert seen.value("ingest_positions_total", result="kept") == 1
    assert seen.value("ingest_positions_total", result="duplicate") == 1
