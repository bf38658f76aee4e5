"""The laboratory for half a minute: real servers, real harm, and nobody saw anything that could not be."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import report
from lab.laboratory import Experiment, run
from lab.nemesis import Weather


@pytest.mark.system
def test_whatever_fails_nothing_is_stale_and_nothing_is_lost(tmp_path: Path) -> None:
    outcome = run(tmp_path, Experiment(0.5, seed=1, weather=Weather(storm_s=12, calm_s=5)))
    assert not list(report.violations(outcome))
    assert outcome.verdict.reads > 0
    assert len(outcome.verdict.by_worker) > 1
    assert outcome.writes["acknowledged"] > 0
    assert outcome.stored >= outcome.acknowledged > 0
    assert len(outcome.faults) > 1
