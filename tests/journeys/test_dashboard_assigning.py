"""Who has a device in which vehicle, in the dashboard: from which moment on, and what is offered for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.support.browser import Window
from tests.support.dashboard import Fleet, sign_in
from tests.support.on_its_way import asked_of

pytestmark = pytest.mark.system


async def test_a_device_is_handed_over_when_it_is_and_not_when_it_was_thought_of(
    window: Window, dashboard: Fleet
) -> None:
    driver = dashboard.named["driver_id"]
    page = await sign_in(window, f"#/vehicles/{dashboard.named['vehicle_id']}")
    sent: list[dict[str, Any]] = []

    async def take(route: Route) -> None:
        if route.request.method == "GET":
            await route.fallback()
            return
        sent.append(json.loads(route.request.post_data or ""))
        made = json.dumps({"unique_id": "it", "driver_id": driver})
        await route.fulfill(status=200, content_type="application/json", body=made)

    await page.route("**/admin/**assignments**", take)
    await page.get_by_role("button", name="Hand over").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Driver ID").fill(driver)
    pressed = await page.evaluate("new Promise((done) => setTimeout(() => done(new Date().toISOString()), 50))")
    await dialog.get_by_role("button", name="Hand over").click()
    await expect(page.locator(".toast")).to_contain_text(f"it is with {driver} now.")
    ended, begun = sent
    assert ended["valid_to"] == begun["valid_from"] >= pressed


async def test_what_could_not_be_offered_is_asked_for_again(window: Window, dashboard: Fleet) -> None:
    page = await sign_in(window, f"#/vehicles/{dashboard.named['vehicle_id']}")
    devices = "**/admin/devices?*"

    async def fail(route: Route) -> None:
        await route.abort()

    await page.route(devices, fail)
    window.expect("ERR_FAILED")
    async with page.expect_event("requestfailed"):
        await page.get_by_role("button", name="Assign a device").click()
    await page.unroute(devices, fail)
    asked = asked_of(page)
    await offered_again(page)
    assert [path for path in asked if "/admin/devices?" in path] != []


async def offered_again(page: Page) -> None:
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Driver ID").focus()
    await dialog.get_by_label("Device").focus()
    await page.evaluate("new Promise((done) => setTimeout(done, 200))")
