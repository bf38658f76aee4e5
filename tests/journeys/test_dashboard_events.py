"""The inbox of events: decided about one by one and many at once, with the keyboard, and undone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.journeys.conftest import OpenWindow
from tests.support.browser import Window
from tests.support.dashboard import LOOKED_AT, VIEWER, VIEWER_PASSWORD, Fleet, panel, settled, show, sign_in

pytestmark = pytest.mark.system


def states(dashboard: Fleet) -> dict[str, int]:
    counted: dict[str, Any] = dashboard.api.get("/admin/events/inbox")
    return {state["state"]: state["count"] for state in counted["states"]}


async def tab(page: Page, name: str) -> None:
    await page.get_by_role("group", name="Review").get_by_role("button", name=name).click()
    await settled(page)


async def test_many_are_dismissed_at_once_and_come_back(window: Window, dashboard: Fleet) -> None:
    before, score = states(dashboard), dashboard.api.get("/admin/dashboard/summary")
    page = await sign_in(window, "#/events")
    boxes = page.locator("tbody [data-pick]")
    ids = [await boxes.nth(place).get_attribute("data-pick") for place in (0, 2)]
    for place in (0, 2):
        await boxes.nth(place).check()
    await expect(page.get_by_text("2 events selected")).to_be_visible()
    decisions = page.get_by_role("group", name="Decide about what is selected")
    await decisions.get_by_role("button", name="Dismissed").click()
    await expect(page.get_by_text("2 events dismissed.")).to_be_visible()
    await expect(page.get_by_role("button", name=f"Dismissed {before['dismissed'] + 2}")).to_be_visible()
    for name in ids:
        await expect(page.locator(f'[data-pick="{name}"]')).to_have_count(0)
    await tab(page, "Dismissed")
    for name in ids:
        await expect(page.locator(f'[data-pick="{name}"]')).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("2 events as before.")).to_be_visible()
    assert states(dashboard) == before
    assert dashboard.api.get("/admin/dashboard/summary") == score


async def test_what_could_not_be_undone_is_said(window: Window, dashboard: Fleet) -> None:
    """Two events in different states: what undoes both is two requests, and the second of them fails."""
    before = states(dashboard)
    first, second = (event["event_id"] for event in dashboard.api.get("/admin/events", limit=2)["items"])
    dashboard.api.client.patch(f"/admin/events/{first}", json={"state": "coached"}).raise_for_status()
    page = await sign_in(window, "#/events?state=all")
    for name in (first, second):
        await page.locator(f'[data-pick="{name}"]').check()
    decisions = page.get_by_role("group", name="Decide about what is selected")
    await decisions.get_by_role("button", name="Dismissed").click()
    await expect(page.get_by_text("2 events dismissed.")).to_be_visible()
    sent = 0

    async def fail_the_second(route: Route) -> None:
        nonlocal sent
        sent += 1
        await (route.continue_() if sent == 1 else route.abort())

    await page.route("**/admin/events/review", fail_the_second)
    window.expect("ERR_FAILED")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("1 event as before.")).to_be_visible()
    await expect(page.get_by_text("Not all of it: ")).to_be_visible()
    for name in (first, second):
        undone = dashboard.api.client.patch(f"/admin/events/{name}", json={"state": "needs_review"})
        undone.raise_for_status()
    assert states(dashboard) == before


async def test_by_keyboard_alone(window: Window, dashboard: Fleet) -> None:
    before = states(dashboard)
    page = await sign_in(window, "#/events")
    boxes = page.locator("tbody [data-pick]")
    await boxes.first.focus()
    second = await boxes.nth(1).get_attribute("data-pick")
    await page.keyboard.press("ArrowDown")
    assert await page.evaluate("document.activeElement.dataset.pick") == second
    await page.keyboard.press("r")
    await expect(page.get_by_text("1 event recognised.")).to_be_visible()
    assert states(dashboard)["recognised"] == before["recognised"] + 1
    await expect(page.locator(f'[data-pick="{second}"]')).to_have_count(0)
    # What follows has its box focused: the next key decides about that.
    await expect(boxes.nth(1)).to_be_focused()
    await page.get_by_role("button", name="Undo").press("Enter")
    await expect(page.get_by_text("1 event as before.")).to_be_visible()
    assert states(dashboard) == before


async def test_one_is_decided_with_a_note_on_its_trip(window: Window, dashboard: Fleet) -> None:
    # The newest of a driver, whose page shows no more than a few; of whom nobody else here decides about.
    newest = {event["driver_id"]: event for event in reversed(dashboard.api.get("/admin/events", limit=200)["items"])}
    event = min(newest.values(), key=lambda each: str(each["event_id"]))
    page = await sign_in(window, f"#/trips/{event['trip_id']}")
    table = panel(page, "Events on it")
    row = table.locator("tr", has=page.locator(f'[data-event="{event["event_id"]}"]'))
    await row.get_by_role("button", name="Review").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text("Nobody has decided yet")).to_be_visible()
    await dialog.get_by_label("Decision").select_option("coached")
    await dialog.get_by_label("Note").fill("spoke on the phone")
    await dialog.get_by_role("button", name="Save").click()
    await expect(row.get_by_text("Coached")).to_be_visible()
    found = dashboard.api.get(f"/admin/events/{event['event_id']}")
    assert (found["state"], found["review"]["note"]) == ("coached", "spoke on the phone")
    await show(page, f"#/drivers/{event['driver_id']}")
    await expect(panel(page, "Safety events").get_by_text("Coached").first).to_be_visible()
    undone = dashboard.api.client.patch(
        f"/admin/events/{event['event_id']}", json={"state": "needs_review", "note": None}
    )
    assert undone.status_code == 200


async def test_what_somebody_else_has_decided_is_shown_beside_it(window: Window, dashboard: Fleet) -> None:
    event = dashboard.api.get("/admin/events", limit=2)["items"][1]
    path = f"/admin/events/{event['event_id']}"
    page = await sign_in(window, "#/events?state=all")
    row = page.locator("tbody tr", has=page.locator(f'[data-pick="{event["event_id"]}"]'))
    await row.get_by_role("button", name="Review").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Decision").select_option("dismissed")
    dashboard.api.client.patch(path, json={"state": "coached"}).raise_for_status()
    window.expect("status of 412")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_text("Somebody else has changed this meanwhile")).to_be_visible()
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    assert dashboard.api.get(path)["state"] == "dismissed"
    dashboard.api.client.patch(path, json={"state": "needs_review", "note": None}).raise_for_status()


async def test_a_viewer_sees_and_decides_nothing(open_window: OpenWindow) -> None:
    page = await sign_in(await open_window(), "#/events", username=VIEWER, password=VIEWER_PASSWORD)
    await expect(page.get_by_role("button", name="All ").first).to_be_visible()
    await expect(page.locator("[data-pick]")).to_have_count(0)
    await expect(page.get_by_role("button", name="Dismissed", exact=True)).to_have_count(0)
    await expect(page.locator("tbody").get_by_role("button", name="Review")).to_have_count(0)


async def test_the_event_that_is_looked_at_stays_so_when_it_is_decided(window: Window, dashboard: Fleet) -> None:
    event = dashboard.api.get("/admin/events", limit=3)["items"][2]
    name = event["event_id"]
    page = await sign_in(window, f"#/trips/{event['trip_id']}")
    row = page.locator(f'[data-event="{name}"]')
    pin = page.locator(".pin[data-picked]")
    await row.click()
    await expect(pin).to_have_count(1)
    await pin.focus()
    dashboard.api.client.patch(f"/admin/events/{name}", json={"state": "coached"}).raise_for_status()
    await page.evaluate(LOOKED_AT)
    await expect(panel(page, "Events on it").get_by_text("Coached")).to_be_visible()
    await expect(row).to_have_attribute("aria-pressed", "true")
    await expect(pin).to_be_focused()
    dashboard.api.client.patch(f"/admin/events/{name}", json={"state": "needs_review", "note": None}).raise_for_status()
