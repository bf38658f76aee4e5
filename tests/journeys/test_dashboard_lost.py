"""Answers that are lost, or are none: what is said is true, and what was done is neither done twice nor taken for
somebody else's."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import Page, Route, expect

from tests.support.browser import Window
from tests.support.dashboard import (
    ADMINS_PASSWORD,
    Fleet,
    create_admin,
    create_driver,
    panel,
    settled,
    sign_in,
)
from tests.support.on_its_way import asked_of, late, lost

pytestmark = pytest.mark.system

LOST = "ERR_FAILED"


async def fail(route: Route) -> None:
    await route.abort()


async def test_an_erasure_whose_answer_is_lost_may_have_been_done(window: Window, dashboard: Fleet) -> None:
    driver = create_driver(dashboard.api, first_name="Erased", last_name="Unheard")["driver_id"]
    page = await sign_in(window, f"#/drivers/{driver}")
    await page.get_by_role("button", name="Erase", exact=True).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox").fill(driver)
    window.expect(LOST, "status of 404")
    async with lost(page, f"/admin/drivers/{driver}/erase"):
        await dialog.get_by_role("button", name="Erase for good").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("Whether it is erased is not known")
    await expect(page.locator("main h1")).to_have_text(f"There is no driver {driver}")
    await dialog.get_by_role("button", name="Erase for good").click()
    await expect(page.locator(".toast")).to_have_text("Nothing was left: Erased Unheard is erased already.")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Drivers")


async def test_what_may_have_been_created_is_not_asked_for_twice(window: Window, dashboard: Fleet) -> None:
    page = await sign_in(window, "#/drivers")
    await page.get_by_role("button", name="New driver").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("First name").fill("Once")
    await dialog.get_by_label("Last name").fill("Enough")
    window.expect(LOST)
    async with lost(page, "/admin/drivers"):
        await dialog.get_by_role("button", name="Create").click()
        told = dialog.get_by_role("alert")
        await expect(told).to_contain_text("It may have done it all the same: look before you try again")
    assert len(dashboard.api.get("/admin/drivers", search="Once Enough")["drivers"]) == 1


async def test_ones_own_edit_is_not_taken_for_somebody_elses(window: Window, dashboard: Fleet) -> None:
    driver = create_driver(dashboard.api, first_name="Saved", last_name="Unheard", city="Lincoln")["driver_id"]
    page = await sign_in(window, f"#/drivers/{driver}")
    await page.get_by_role("button", name="Edit", exact=True).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("City").fill("Omaha")
    window.expect(LOST, "status of 412")
    async with lost(page, f"/admin/drivers/{driver}", "PATCH"):
        await dialog.get_by_role("button", name="Save").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("The server does not answer.")
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.locator(".toast")).to_have_text("Saved Unheard is saved.")
    await expect(dialog).to_have_count(0)
    await expect(panel(page, "Person")).to_contain_text("Omaha")


async def test_a_password_that_may_be_changed_is_told_so(window: Window, dashboard: Fleet) -> None:
    create_admin(dashboard.api, "unheard")
    page = await sign_in(window, "#/account", username="unheard", password=ADMINS_PASSWORD)
    await page.get_by_label("Current password").fill(ADMINS_PASSWORD)
    await page.get_by_label("New password", exact=False).first.fill("another password, as long")
    await page.get_by_label("New password again").fill("another password, as long")
    window.expect(LOST, "status of 401")
    async with lost(page, "/auth/password"):
        await page.get_by_role("button", name="Change password").click()
        await expect(page.locator("form .told").first).to_contain_text(
            "If you are asked to sign in, it is the new one."
        )
    gate = page.get_by_role("dialog", name="Sign in")
    await gate.get_by_label("Password").fill("another password, as long")
    await gate.get_by_role("button", name="Sign in").click()
    await expect(gate).to_have_count(0)


async def test_who_signs_out_is_told_that_the_server_has_not_heard(window: Window) -> None:
    page = await sign_in(window)
    await page.route("**/auth/logout", fail)
    window.expect(LOST)
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("alert")).to_contain_text(
        "You are signed out in this browser. The server did not end it on other devices"
    )
    await expect(page.locator(".shell")).to_have_count(0)


async def test_an_answer_that_breaks_off_is_one_of_a_server_that_is_away(window: Window, dashboard: Fleet) -> None:
    driver = create_driver(dashboard.api, first_name="Half", last_name="Answered")["driver_id"]
    page = await sign_in(window, f"#/drivers/{driver}")
    broken: list[str] = []

    async def break_off(route: Route) -> None:
        if route.request.method == "GET":
            await route.fallback()
            return
        answer = await route.fetch()
        broken.append(route.request.url)
        await route.fulfill(status=200, content_type="application/json", body=(await answer.text())[:20])

    await page.route(f"**/admin/drivers/{driver}", break_off)
    await page.get_by_role("button", name="Edit", exact=True).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("City").fill("Omaha")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("The server does not answer.")
    assert len(broken) == 1


async def test_what_could_not_be_undone_can_be_tried_again(window: Window, dashboard: Fleet) -> None:
    page = await sign_in(window, "#/events")
    event = str(await page.locator("tbody [data-pick]").first.get_attribute("data-pick"))
    await page.locator(f'[data-pick="{event}"]').check()
    await page.get_by_role("group", name="Decide").get_by_role("button", name="Dismissed").click()
    await expect(page.get_by_text("1 event dismissed.")).to_be_visible()
    await page.route("**/admin/events/review", fail)
    window.expect(LOST)
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("The server cannot be reached.")).to_be_visible()
    await page.unroute("**/admin/events/review", fail)
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("1 event as before.")).to_be_visible()
    assert dashboard.api.get(f"/admin/events/{event}")["state"] == "needs_review"


@pytest.mark.parametrize("how", ["button", "key"])
async def test_what_is_decided_twice_is_undone_at_once(window: Window, dashboard: Fleet, how: str) -> None:
    page = await sign_in(window, "#/events")
    box = page.locator("tbody [data-pick]").first
    event = str(await box.get_attribute("data-pick"))
    asked = asked_of(page)
    async with late(page, "/admin/events/review", "POST") as answer:
        if how == "key":
            await box.focus()
            await page.keyboard.press("d")
            await page.keyboard.press("d")
        else:
            await box.check()
            await page.get_by_role("group", name="Decide").get_by_role("button", name="Dismissed").dblclick()
        await answer.given()
        answer.come()
        await expect(page.get_by_text("1 event dismissed.")).to_be_visible()
        await settled(page)
    assert asked.count("POST /admin/events/review") == 1
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("1 event as before.")).to_be_visible()
    assert dashboard.api.get(f"/admin/events/{event}")["state"] == "needs_review"


async def test_a_file_that_must_wait_is_no_server_that_is_away(window: Window, dashboard: Fleet) -> None:
    page = await sign_in(window, f"#/drivers/{dashboard.named['driver_id']}")
    problem = {"title": "The server has too much to do", "detail": "As many exports are under way as may be at once."}

    async def too_many(route: Route) -> None:
        await route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(problem))

    await page.route("**/export", too_many)
    window.expect("status of 503")
    await page.get_by_role("button", name="Export data").click()
    await expect(page.locator(".toast")).to_have_text(problem["detail"])
    assert await said(page) == ""


async def said(page: Page) -> str:
    """What the banner has said, whether it is seen by now or not."""
    return str(await page.locator(".banner").evaluate("(banner) => banner.lastChild.textContent"))


async def test_who_signs_out_does_not_wait_for_a_server_that_is_silent(window: Window) -> None:
    page = await sign_in(window)
    unheard: list[Route] = []

    async def be_silent(route: Route) -> None:
        unheard.append(route)

    await page.route("**/auth/logout", be_silent)
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("alert")).to_contain_text("You are signed out in this browser.")
    assert len(unheard) == 1


async def test_a_page_whose_file_does_not_come_says_so_and_can_be_tried_again(window: Window) -> None:
    page = window.page
    await page.route("**/js/pages/trips.js", fail)
    window.expect(LOST)
    await sign_in(window)
    await page.get_by_role("link", name="Trips", exact=True).click()
    await expect(page.get_by_text("This page could not be loaded")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Trips")
    await page.unroute("**/js/pages/trips.js", fail)
    await page.get_by_role("button", name="Try again").click()
    await settled(page)
    await expect(panel(page, "All trips")).to_be_visible()
