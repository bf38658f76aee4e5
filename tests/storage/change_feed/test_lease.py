"""A deadline on the worker's own clock: it counts from before the request left, and once over is never extended."""

from __future__ import annotations

import pytest

from roadlens.storage.change_feed import lease as module
from roadlens.storage.change_feed.lease import LEASE_S, Lease, now


class Clock:
    """The machine's, which stands still until the test lets time pass."""

    def __init__(self) -> None:
        self.now = 1000.0

    def clock_gettime(self, _which: int) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


def test_it_holds_from_its_first_answer_for_a_lease_from_before_the_request(clock: Clock) -> None:
    lease = Lease()
    assert not lease.holds()
    lease.sent()
    assert (lease.under_way, lease.holds()) == (True, False)
    clock.now += 0.5 * LEASE_S
    assert lease.returned(first=True)
    assert (lease.under_way, lease.holds()) == (False, True)
    clock.now += 0.49 * LEASE_S
    assert lease.holds()
    clock.now += 0.02 * LEASE_S
    assert not lease.holds()


def test_an_answer_that_comes_too_late_extends_nothing(clock: Clock) -> None:
    """The request left in time, so that its own lease would still run; the one before has ended."""
    lease = Lease()
    lease.sent()
    assert lease.returned(first=True)
    clock.now += 0.6 * LEASE_S
    lease.sent()
    clock.now += 0.5 * LEASE_S
    assert not lease.returned()
    assert not lease.holds()


def test_an_answer_that_nobody_asked_for_extends_nothing() -> None:
    lease = Lease()
    assert not lease.returned(first=True)
    lease.sent()
    assert lease.returned(first=True)
    assert not lease.returned()


def test_it_can_be_ended() -> None:
    lease = Lease()
    lease.sent()
    assert lease.returned(first=True)
    lease.end()
    assert not lease.holds()
    lease.sent()
    lease.end()
    assert not lease.returned(first=True)


def test_it_says_when_the_renewal_that_last_held_was_sent() -> None:
    lease = Lease()
    assert [lease.renewed_at] == [None]
    before = now()
    lease.sent()
    sent = now()
    assert [lease.renewed_at] == [None]
    assert lease.returned(first=True)
    assert lease.renewed_at is not None
    assert before <= lease.renewed_at <= sent
    lease.end()
    assert before <= lease.renewed_at <= sent
