"""When a device was where: what is looked for in the database is what was sent, and all of it before the run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from lab import drives
from lab.fleet import COMMUTER
from tests.lab.fleets import FLEET

HOURS_S = 24 * 3600.0


def at(body: bytes) -> datetime:
    sent: dict[str, Any] = msgspec.json.decode(body)
    return datetime.fromisoformat(sent["position"]["fixTime"]).astimezone(UTC)


def test_a_commute_is_stored_at_the_times_that_it_was_sent_with() -> None:
    sent = drives.commute(COMMUTER, FLEET.began(COMMUTER), 3)
    assert [at(body) for body in sent] == list(FLEET.times(COMMUTER, range(3, 4)))


def test_so_is_each_position_of_others() -> None:
    sent = [drives.position("live-0", FLEET.began("live-0"), number) for number in range(5, 8)]
    assert [at(body) for body in sent] == list(FLEET.times("live-0", range(5, 8)))


@pytest.mark.parametrize(("device", "every_s"), [(COMMUTER, 5.0), ("live-0", 0.1)])
def test_however_long_a_run_is_nothing_is_reported_from_the_future(device: str, every_s: float) -> None:
    assert FLEET.seldom_enough(every_s, device, 900) == every_s
    slowly = FLEET.seldom_enough(every_s, device, HOURS_S)
    assert slowly > every_s
    last = max(FLEET.times(device, range(int(HOURS_S / slowly))))
    assert last < FLEET.started + timedelta(seconds=HOURS_S)
