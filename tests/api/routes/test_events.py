"""Safety events and their filters."""

from __future__ import annotations

from datetime import timedelta

from tests.support.api import Api
from tests.support.known_fleet import days_ago


async def test_an_event_in_the_list(fleet: Api) -> None:
    page = await fleet.answer("/admin/events")
    assert [event["event_type"] for event in page["items"]] == ["speeding", "harsh_braking", "harsh_braking"]
    speeding, derived, _ = page["items"]
    assert speeding.keys() == {
        "event_id", "trip_id", "driver_id", "event_type", "source", "occurred_at", "severity", "confidence", "state",
    }  # fmt: skip
    assert (speeding["severity"], speeding["state"], derived["severity"]) == (3.5, "coached", None)


async def test_filters(fleet: Api) -> None:
    second = (days_ago(1) + timedelta(minutes=2)).isoformat()
    for params, count in (
        ({"driver_id": "DRV-0002"}, 3),
        ({"driver_id": "DRV-0001"}, 0),
        ({"event_type": "harsh_braking"}, 2),
        ({"source": "gps"}, 1),
        ({"state": "coached"}, 1),
        ({"state": "coached", "event_type": "harsh_braking"}, 0),
        ({"from": second}, 2),
        ({"to": second}, 1),
        ({"from": second, "event_type": "harsh_braking", "source": "gps", "state": "needs_review"}, 1),
    ):
        assert len((await fleet.answer("/admin/events", **params))["items"]) == count, params


async def test_a_page_takes_one_statement(fleet: Api) -> None:
    first = await fleet.answer("/admin/events", limit=2)
    with fleet.statements() as seen:
        second = await fleet.answer("/admin/events", limit=2, after=first["next"])
    assert len(seen) == 1
    assert (len(first["items"]), len(second["items"]), second["next"]) == (2, 1, None)
