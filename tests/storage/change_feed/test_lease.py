"""A deadline on the worker's own clock: it counts from before the request left, and once over is never extended."""

from __future__ import annotations

import time

from roadlens.storage.change_feed.lease import LEASE_S, Lease, now


def test_it_holds_from_its_first_answer_for_a_lease_from_before_the_request() -> None:
    lease, before = Lease(), now()
    assert not lease.holds()
    lease.sent()
    assert (lease.under_way, lease.holds()) == (True, False)
    time.sleep(0.5 * LEASE_S)
    assert lease.returned(first=True)
    assert (lease.under_way, lease.holds()) == (False, True)
    time.sleep(max(0.0, before + 1.01 * LEASE_S - now()))
    assert not lease.holds()


def test_an_answer_that_comes_too_late_extends_nothing() -> None:
    """The request left in time, so that its own lease would still run; the one before has ended."""
    lease = Lease()
    lease.sent()
    assert lease.returned(first=True)
    time.sleep(0.6 * LEASE_S)
    lease.sent()
    time.sleep(0.5 * LEASE_S)
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
