"""Safety events, their filters, and what is decided about them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from roadlens.domain import Role
from tests.support.api import PASSWORD, Api
from tests.support.known_fleet import days_ago


async def test_an_event_in_the_list(fleet: Api) -> None:
    page = await fleet.answer("/admin/events")
    assert [event["event_type"] for event in page["items"]] == ["speeding", "harsh_braking", "harsh_braking"]
    speeding, derived, _ = page["items"]
    assert speeding.keys() == {
        "event_id", "trip_id", "driver_id", "event_type", "source", "occurred_at", "severity", "confidence", "state",
        "driver_name",
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
    first = (await fleet.trusting("/admin/events", limit=2)).json()
    with fleet.statements() as seen:
        second = (await fleet.trusting("/admin/events", seen, limit=2, after=first["next"])).json()
    assert len(seen) == 1
    assert (len(first["items"]), len(second["items"]), second["next"]) == (2, 1, None)


async def test_an_event_alone_says_what_was_decided(fleet: Api) -> None:
    listed = (await fleet.answer("/admin/events", source="gps"))["items"][0]
    path = f"/admin/events/{listed['event_id']}"
    response = await fleet.get(path, Role.VIEWER)
    found = response.json()
    assert {name: found[name] for name in listed} == listed
    assert (found["driver_name"], found["vehicle_name"], found["review"], found["version"]) == (
        "Bo Lindqvist", "Van 2", None, 0,
    )  # fmt: skip
    assert found["trip"]["trip_score"] == 70.1
    decided = await fleet.send(
        "PATCH", path, {"state": "dismissed", "note": "a dog"}, if_match=response.headers["ETag"]
    )
    assert (decided.status_code, decided.headers["ETag"]) == (200, '"1"')
    review = decided.json()["review"]
    assert (decided.json()["state"], review["note"], review["reviewed_by"]) == ("dismissed", "a dog", "admin")
    assert decided.json()["trip"]["trip_score"] > 70.1
    assert (await fleet.send("PATCH", path, {"note": None}, if_match='"1"')).json()["state"] == "dismissed"
    history = (await fleet.answer(path))["review"]["history"]
    assert [(said["by"], said["state"], said["note"]) for said in history] == [
        ("admin", "dismissed", None), ("admin", "dismissed", "a dog"),
    ]  # fmt: skip
    stale = await fleet.send("PATCH", path, {"state": "coached"}, if_match='"1"')
    assert (stale.status_code, stale.json()["type"]) == (412, "urn:roadlens:problem:precondition-failed")


async def test_a_speeding_event_says_what_was_driven_above_the_limit_in_it(fleet: Api) -> None:
    speeding, harsh, _ = (await fleet.answer("/admin/events"))["items"]
    async with fleet.database.write() as session:
        await session.execute(
            "UPDATE safety_events SET speeding_m = 412, speeding_s = 14 WHERE event_type = 'speeding'"
        )
    trip = await fleet.answer(f"/admin/trips/{speeding['trip_id']}")
    for event, above in ((speeding, (0.412, 14)), (harsh, (None, None))):
        alone = await fleet.answer(f"/admin/events/{event['event_id']}")
        (on_trip,) = [each for each in trip["events"] if each["event_id"] == event["event_id"]]
        for shown in (alone, on_trip):
            assert (shown["speeding_km"], shown["speeding_s"]) == above


async def test_an_event_alone_takes_a_few_statements(fleet: Api) -> None:
    path = f"/admin/events/{(await fleet.answer('/admin/events'))['items'][0]['event_id']}"
    await fleet.send("PATCH", path, {"state": "dismissed"})
    with fleet.statements() as seen:
        await fleet.answer(path)
    assert len(seen) <= 5


async def test_who_may_decide_and_about_what(fleet: Api) -> None:
    event = (await fleet.answer("/admin/events"))["items"][0]["event_id"]
    one, many = f"/admin/events/{event}", "/admin/events/review"
    about: dict[str, Any] = {"event_ids": [event], "state": "dismissed"}
    body: Any
    for method, path, body in (("PATCH", one, {"state": "dismissed"}), ("POST", many, about)):
        assert (await fleet.send(method, path, body, Role.VIEWER)).status_code == 403
    nobody = "00000000-0000-8000-8000-000000000000"
    for method, path, body in (
        ("GET", f"/admin/events/{nobody}", None),
        ("PATCH", f"/admin/events/{nobody}", {"state": "dismissed"}),
        ("POST", many, about | {"event_ids": [event, nobody]}),
    ):
        absent = await fleet.send(method, path, body)
        assert (absent.status_code, nobody in absent.json()["detail"]) == (404, True)
    for method, path, body, field in (
        ("PATCH", one, {"state": "done"}, "state"),
        ("PATCH", one, {"state": None}, "state"),
        ("PATCH", one, {"status": "dismissed"}, "status"),
        ("PATCH", one, {"note": " "}, "note"),
        ("PATCH", one, {"note": "x" * 501}, "note"),
        ("POST", many, about | {"event_ids": []}, "event_ids"),
        ("POST", many, about | {"event_ids": [event] * 1001}, "event_ids"),
        ("POST", many, {"event_ids": [event]}, "state"),
    ):
        refused = await fleet.send(method, path, body)
        assert refused.status_code == 422, (body, refused.text)
        assert field in refused.text
    assert (await fleet.answer("/admin/events", state="dismissed"))["items"] == []


async def test_what_is_no_id_is_no_event(fleet: Api) -> None:
    """The inbox and many at once have addresses beside those of events, and nothing of an event works there."""
    assert (await fleet.send("PATCH", "/admin/events/7", {"state": "dismissed"})).status_code == 404
    for word, methods in (("inbox", "GET, HEAD"), ("review", "POST")):
        refused = await fleet.send("PATCH", f"/admin/events/{word}", {"state": "dismissed"})
        assert (refused.status_code, refused.headers["Allow"]) == (405, methods)


async def test_many_at_once_and_back(fleet: Api) -> None:
    before = await fleet.answer("/admin/events")
    ids = [event["event_id"] for event in before["items"]]
    response = await fleet.send(
        "POST", "/admin/events/review", {"event_ids": ids, "state": "dismissed", "note": "test"}
    )
    told = response.json()
    assert (response.status_code, told["changed"], len(told["events"])) == (200, 3, 3)
    assert {event["state"] for event in (await fleet.answer("/admin/events"))["items"]} == {"dismissed"}
    for event in told["events"]:
        body = {"event_ids": [event["event_id"]], **event["before"]}
        assert (await fleet.send("POST", "/admin/events/review", body)).json()["changed"] == 1
    after = await fleet.answer("/admin/events")
    assert [event["event_id"] for event in after["items"]] == ids
    assert {event["state"] for event in after["items"]} == {"needs_review"}


async def test_the_inbox_counts_by_state_and_type(fleet: Api) -> None:
    def told(inbox: Any) -> dict[str, int]:
        assert inbox["total"] == sum(state["count"] for state in inbox["states"])
        return {
            f"{state['state']} {kind}": number
            for state in inbox["states"]
            for kind, number in state["types"].items()
            if number
        }

    event = (await fleet.answer("/admin/events", source="gps"))["items"][0]["event_id"]
    await fleet.send("PATCH", f"/admin/events/{event}", {"state": "dismissed"})
    counts = {"needs_review harsh_braking": 1, "dismissed harsh_braking": 1, "coached speeding": 1}
    assert told(await fleet.answer("/admin/events/inbox", driver_id="DRV-0002")) == counts
    # A driver's trip of the fleet counts three events that are in no list.
    assert told(await fleet.answer("/admin/events/inbox")) == counts | {"needs_review phone_use": 3}


async def test_a_decision_stays_when_who_decided_is_erased(fleet: Api) -> None:
    made = await fleet.send("POST", "/admin/users", {"username": "eve", "password": PASSWORD, "role": "admin"})
    event = (await fleet.answer("/admin/events"))["items"][0]["event_id"]
    as_eve = {"Authorization": f"Bearer {await signed_in(fleet, 'eve')}"}
    path = f"/api/v1/admin/events/{event}"
    assert (await fleet.client.patch(path, json={"state": "dismissed"}, headers=as_eve)).status_code == 200
    assert (await fleet.answer(f"/admin/events/{event}"))["review"]["reviewed_by"] == "eve"
    erased = await fleet.send("POST", f"/admin/users/{made.json()['user_id']}/erase", {"confirm": "eve"})
    review = (await fleet.answer(f"/admin/events/{event}"))["review"]
    assert (review["reviewed_by"], review["history"][0]["by"]) == (None, erased.json()["erased_as"])
    assert (await fleet.answer("/admin/events", state="dismissed"))["items"][0]["event_id"] == event


async def signed_in(fleet: Api, username: str) -> str:
    answer = await fleet.client.post("/api/v1/auth/login", json={"username": username, "password": PASSWORD})
    return str(answer.json()["access_token"])
