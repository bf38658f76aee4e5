"""What comes too late: after its page is left, after somebody has signed out, or behind a newer answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, Route, expect

from tests.support.browser import Window
from tests.support.dashboard import (
    ADMINS_PASSWORD,
    LOOKED_AT,
    Fleet,
    create_admin,
    create_driver,
    settled,
    show,
    sign_in,
)
from tests.support.on_its_way import asked_of, late

pytestmark = pytest.mark.system

PASSED = "milliseconds => new Promise((done) => setTimeout(done, milliseconds))"
SESSION = "sessionStorage.getItem('roadlens.session')"


async def sign_out(page: Page) -> None:
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_text("You are signed out.")).to_be_visible()


async def leave(page: Page) -> None:
    await show(page, "#/vehicles")


async def test_what_is_typed_just_before_a_page_is_left_stays_with_it(window: Window) -> None:
    page = await sign_in(window, "#/events")
    asked = asked_of(page)
    await page.get_by_label("Driver ID").evaluate(
        """(input) => {
            input.value = "DRV-0001";
            input.dispatchEvent(new Event("input"));
            location.hash = "#/trips";
        }"""
    )
    await expect(page.get_by_role("heading", level=1)).to_have_text("Trips")
    await page.evaluate(PASSED, 500)
    assert page.url.endswith("#/trips")
    assert [path for path in asked if "/admin/events" in path] == []


@pytest.mark.parametrize("gone", [leave, sign_out], ids=["left", "signed-out"])
async def test_a_dialog_does_not_open_where_its_page_is_gone(
    window: Window, dashboard: Fleet, gone: Callable[[Page], Awaitable[None]]
) -> None:
    username = f"reviewing-{gone.__name__}"
    create_admin(dashboard.api, username)
    page = await sign_in(window, "#/events?state=all", username=username, password=ADMINS_PASSWORD)
    row = page.locator("tbody tr").first
    event = await row.locator("[data-pick]").get_attribute("data-pick")
    async with late(page, f"/admin/events/{event}") as answer:
        await row.get_by_role("button", name="Review").click()
        await answer.given()
        await gone(page)
        answer.come()
        await page.evaluate(PASSED, 200)
        await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_a_dialog_that_is_asked_for_twice_opens_once(window: Window) -> None:
    page = await sign_in(window, "#/events?state=all")
    row = page.locator("tbody tr").first
    event = await row.locator("[data-pick]").get_attribute("data-pick")
    async with late(page, f"/admin/events/{event}") as answer:
        await row.get_by_role("button", name="Review").dblclick()
        await answer.given()
        answer.come()
        await expect(page.get_by_role("dialog").first).to_be_visible()
        await page.evaluate(PASSED, 200)
        await expect(page.get_by_role("dialog")).to_have_count(1)


async def test_nothing_is_said_of_an_edit_to_whoever_comes_after(window: Window, dashboard: Fleet) -> None:
    create_admin(dashboard.api, "hasty")
    driver = create_driver(dashboard.api, first_name="Known", last_name="Tonobody")["driver_id"]
    page = await sign_in(window, f"#/drivers/{driver}", username="hasty", password=ADMINS_PASSWORD)
    other = await window.context.new_page()
    await other.goto("/")
    await settled(other)
    async with late(page, f"/admin/drivers/{driver}", "PATCH") as answer:
        await page.get_by_role("button", name="Edit", exact=True).click()
        await page.get_by_label("City").fill("Omaha")
        await page.get_by_role("button", name="Save").click()
        await answer.given()
        await other.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_text("You are signed out.")).to_be_visible()
        answer.come()
        await page.evaluate(PASSED, 200)
        await expect(page.locator(".toast")).to_have_count(0)
    assert "Tonobody" not in await page.locator("body").inner_text()
    assert "Tonobody" not in str(await page.locator("#said").text_content())


async def change_password(page: Page, new: str) -> None:
    await page.get_by_label("Current password").fill(ADMINS_PASSWORD)
    await page.get_by_label("New password", exact=False).first.fill(new)
    await page.get_by_label("New password again").fill(new)
    await page.get_by_role("button", name="Change password").click()


async def test_a_new_password_does_not_end_the_session_it_is_given_in(window: Window, dashboard: Fleet) -> None:
    """The old token has ended, and the page is looked at before it has the new one."""
    create_admin(dashboard.api, "renewing")
    page = await sign_in(window, "#/account", username="renewing", password=ADMINS_PASSWORD)
    async with late(page, "/auth/password", "POST") as answer:
        await change_password(page, "another password, as long")
        await answer.given()
        asked = asked_of(page)
        await page.evaluate(LOOKED_AT)
        await page.evaluate(PASSED, 200)
        assert asked == []
        answer.come()
        await expect(page.locator(".toast")).to_have_text("Your password is changed.")
    await expect(page.get_by_text("renewing", exact=True).first).to_be_visible()
    await page.evaluate(LOOKED_AT)
    await settled(page)


async def test_whoever_signs_out_is_not_signed_in_by_an_answer(window: Window, dashboard: Fleet) -> None:
    create_admin(dashboard.api, "undecided")
    page = await sign_in(window, "#/account", username="undecided", password=ADMINS_PASSWORD)
    async with late(page, "/auth/password", "POST") as answer:
        await change_password(page, "another password, as long")
        await answer.given()
        window.expect("status of 401")
        await sign_out(page)
        answer.come()
        await page.evaluate(PASSED, 200)
        assert await page.evaluate(SESSION) is None


async def test_what_a_pattern_reaches_is_said_of_the_one_that_stands_there(window: Window) -> None:
    page = await sign_in(window, "#/cache")
    await page.get_by_role("button", name="Clear …").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Fits all")
    asked, answered = asyncio.Event(), asyncio.Event()

    async def fail_late(route: Route) -> None:
        asked.set()
        await answered.wait()
        await route.fulfill(status=500)

    await page.route("**/admin/cache/reach?pattern=late", fail_late)
    await dialog.get_by_role("textbox").fill("late")
    await asked.wait()
    await dialog.get_by_role("textbox").fill("drivers_list")
    await expect(dialog).to_contain_text("Fits 1 of")
    window.expect("status of 500")
    answered.set()
    await page.evaluate(PASSED, 200)
    await expect(dialog).to_contain_text("Fits 1 of")


async def test_a_page_that_is_left_is_told_of_no_theme(window: Window) -> None:
    """A chart that was still waiting for its library when its page was left would be kept for ever."""
    page = await sign_in(window)
    told = await page.evaluate(
        """async () => {
            const { at } = document.documentElement.dataset;
            const { whenThemeChanges, switchTheme } = await import(`/${at}/js/theme.js`);
            let told = 0;
            whenThemeChanges(() => (told += 1), AbortSignal.abort());
            switchTheme();
            return told;
        }"""
    )
    assert told == 0
