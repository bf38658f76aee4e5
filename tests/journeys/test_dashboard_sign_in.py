"""Who is let in, who is not, and what happens to somebody whose session ends while they work."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.journeys.conftest import OpenWindow
from tests.support.browser import Window
from tests.support.dashboard import (
    ADMINS_PASSWORD,
    LOOKED_AT,
    NEVER_AGAIN,
    Fleet,
    create_admin,
    enter,
    panel,
    settled,
    show,
    sign_in,
)
from tests.support.installation import ADMIN_PASSWORD

pytestmark = pytest.mark.system


def shut_out(dashboard: Fleet, user_id: int) -> None:
    """A new password ends all tokens."""
    path = f"/admin/users/{user_id}/password"
    dashboard.api.client.post(path, json={"password": ADMINS_PASSWORD}).raise_for_status()


async def test_a_wrong_password_is_refused_and_the_right_one_let_in(window: Window) -> None:
    page = window.page
    await page.goto("/")
    await expect(page).to_have_title("Sign in · Roadlens")
    await expect(page.get_by_label("Username")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text("Fill in your username.")
    await enter(page, "admin", "not the password")
    await expect(page.get_by_role("alert")).to_have_text("Username or password is wrong.")
    await expect(page.get_by_label("Username")).to_have_value("admin")
    await expect(page.get_by_label("Password")).to_be_focused()
    window.expect("status of 401")
    await page.keyboard.type(ADMIN_PASSWORD)
    await page.keyboard.press("Enter")
    await settled(page)
    await expect(page).to_have_title("Overview · Roadlens")


async def test_a_page_that_was_asked_for_comes_after_signing_in(window: Window) -> None:
    page = await sign_in(window, "#/drivers?sort=risk&order=desc")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Drivers")
    await expect(page.get_by_role("columnheader", name="Risk")).to_have_attribute("aria-sort", "descending")


async def test_a_session_that_ends_goes_on_where_it_was(window: Window, dashboard: Fleet) -> None:
    user_id = create_admin(dashboard.api, "interrupted")
    await window.context.add_init_script(NEVER_AGAIN)
    page = await sign_in(window, "#/drivers?search=DRV-00", username="interrupted", password=ADMINS_PASSWORD)
    await page.get_by_role("button", name="New driver").click()
    await page.get_by_label("First name").fill("Half")
    await page.get_by_label("Last name").fill("Typed")
    shut_out(dashboard, user_id)
    window.expect("status of 401")
    await page.get_by_role("button", name="Create").click()
    gate = page.get_by_role("dialog", name="Sign in")
    await expect(gate.get_by_role("alert")).to_contain_text("Your session has ended")
    await expect(gate.get_by_label("Username")).to_have_value("interrupted")
    await gate.get_by_label("Password").fill(ADMINS_PASSWORD)
    await gate.get_by_role("button", name="Sign in").click()
    await expect(gate).to_have_count(0)
    await expect(page.get_by_label("First name")).to_have_value("Half")
    await page.get_by_role("button", name="Create").click()
    await expect(page.locator(".toast")).to_contain_text("Half Typed is created as")
    await expect(page.get_by_label("Search")).to_have_value("DRV-00")
    await settled(page)
    await expect(panel(page, "All drivers").get_by_role("table")).to_be_visible()


async def test_signing_out_ends_all_tabs_and_the_token(window: Window, dashboard: Fleet) -> None:
    create_admin(dashboard.api, "leaving")
    await window.context.add_init_script(NEVER_AGAIN)
    page = await sign_in(window, "#/drivers", username="leaving", password=ADMINS_PASSWORD)
    token = await page.evaluate("JSON.parse(sessionStorage.getItem('roadlens.session')).token")
    other = await window.context.new_page()
    await other.goto("/")
    await settled(other)  # it is signed in by the first tab
    await page.get_by_role("button", name="Sign out").click()
    for tab in (page, other):
        await expect(tab.get_by_role("button", name="Sign in")).to_be_visible()
    held = {"Authorization": f"Bearer {token}"}
    assert dashboard.api.client.get("/admin/dashboard/summary", headers=held).status_code == 401


SLOW_TO_TELL = """() => {
    const tell = BroadcastChannel.prototype.postMessage;
    BroadcastChannel.prototype.postMessage = function (data) { setTimeout(() => tell.call(this, data), 1000); };
}"""


async def test_a_new_tab_hears_of_the_session_from_one_that_is_busy(window: Window) -> None:
    page = await sign_in(window, "#/drivers")
    await page.evaluate(SLOW_TO_TELL)
    other = await window.context.new_page()
    await other.goto("/#/vehicles")
    await settled(other)
    await expect(other.get_by_role("heading", level=1)).to_have_text("Vehicles")


async def test_whoever_signs_out_leaves_also_a_page_that_was_refused_meanwhile(
    window: Window, dashboard: Fleet
) -> None:
    create_admin(dashboard.api, "hurrying")
    page = await sign_in(window, "#/drivers", username="hurrying", password=ADMINS_PASSWORD)
    other = await window.context.new_page()
    await other.goto("/")
    await settled(other)
    asked: list[str] = []

    async def late(route: Route) -> None:
        """The token is no longer good when both pages look again, and the answer is still on its way."""
        answer = await route.fetch()
        page.on("request", lambda request: asked.append(request.url))
        for tab in (page, other):
            await tab.evaluate(LOOKED_AT)
        await expect(other.get_by_role("dialog", name="Sign in")).to_be_visible()
        await route.fulfill(response=answer)

    await page.route("**/auth/logout", late)
    window.expect("status of 401")
    await page.get_by_role("button", name="Sign out").click()
    for tab in (page, other):
        await expect(tab.get_by_text("You are signed out.")).to_be_visible()
        await expect(tab.locator(".shell")).to_have_count(0)
    assert [address for address in asked if "/api/" in address] == []


async def held(page: Page) -> dict[str, Any]:
    """What the tab knows of its session."""
    found: dict[str, Any] = await page.evaluate("JSON.parse(sessionStorage.getItem('roadlens.session'))")
    return found


async def let_be(page: Page, **values: float) -> None:
    """Time passes: what the tab knows of its session is now this."""
    await page.evaluate(
        "values => sessionStorage.setItem('roadlens.session',"
        " JSON.stringify({...JSON.parse(sessionStorage.getItem('roadlens.session')), ...values}))",
        values,
    )


async def test_whoever_goes_on_looking_stays_signed_in_until_the_session_ends(window: Window, dashboard: Fleet) -> None:
    create_admin(dashboard.api, "staying")
    page = await sign_in(window, "#/drivers", username="staying", password=ADMINS_PASSWORD)
    other = await window.context.new_page()
    await other.goto("/")
    await settled(other)
    before = await held(page)
    assert 11 * 3_600_000 < before["endsAt"] - await page.evaluate("Date.now()") <= 12 * 3_600_000
    async with page.expect_response("**/auth/refresh") as renewed:
        await let_be(page, renewAt=1)
        await show(page, "#/vehicles")
    assert (await renewed.value).ok
    await page.wait_for_function(
        "before => JSON.parse(sessionStorage.getItem('roadlens.session')).token !== before", arg=before["token"]
    )
    now = await held(page)
    assert abs(now["endsAt"] - before["endsAt"]) < 5_000, "the end has moved"
    await other.wait_for_function(
        "token => JSON.parse(sessionStorage.getItem('roadlens.session')).token === token", arg=now["token"]
    )
    await expect(page.locator(".toast")).to_have_count(0)
    # What is said stays for some seconds: it may have gone when another page is whole.
    await let_be(page, endsAt=await page.evaluate("Date.now() + 240_000"))
    await page.evaluate(LOOKED_AT)
    await expect(page.locator(".toast")).to_contain_text("Your session ends at")


async def test_another_window_is_not_signed_in(window: Window, open_window: OpenWindow) -> None:
    await sign_in(window)
    other = (await open_window()).page
    await other.goto("/#/drivers")
    await expect(other.get_by_role("button", name="Sign in")).to_be_visible()


async def refused(page: Page, dashboard: Fleet, user_id: int) -> Locator:
    """The token of the page ends, and the page finds out."""
    shut_out(dashboard, user_id)
    await page.evaluate(LOOKED_AT)
    gate = page.get_by_role("dialog", name="Sign in")
    await expect(gate).to_be_visible()
    return gate


async def test_a_page_is_not_left_without_a_session(window: Window, dashboard: Fleet) -> None:
    """Chromium closes a dialog at the second Escape, whatever the dialog says."""
    user_id = create_admin(dashboard.api, "escaping")
    page = await sign_in(window, "#/drivers", username="escaping", password=ADMINS_PASSWORD)
    window.expect("status of 401")
    gate = await refused(page, dashboard, user_id)
    for _ in range(3):
        await page.keyboard.press("Escape")
        await page.evaluate("new Promise((done) => setTimeout(done, 50))")
    await expect(gate).to_be_visible()
    await gate.get_by_label("Password").fill(ADMINS_PASSWORD)
    await page.keyboard.press("Enter")
    await expect(gate).to_have_count(0)


@pytest.mark.parametrize("place", ["#/vehicles", "#/account"])
async def test_who_goes_back_before_signing_in_again_may_edit_there(
    window: Window, dashboard: Fleet, place: str
) -> None:
    name = "going-" + place[2:]
    user_id = create_admin(dashboard.api, name)
    page = await sign_in(window, place, username=name, password=ADMINS_PASSWORD)
    await show(page, "#/drivers")
    window.expect("status of 401")
    gate = await refused(page, dashboard, user_id)
    await page.evaluate("history.back()")
    await page.wait_for_url(f"**/{place}")
    await gate.get_by_label("Password").fill(ADMINS_PASSWORD)
    await gate.get_by_role("button", name="Sign in").click()
    await expect(gate).to_have_count(0)
    await settled(page)
    button = "New vehicle" if place == "#/vehicles" else "Change password"
    await expect(page.get_by_role("button", name=button)).to_be_visible()


async def test_what_is_wrong_is_read_aloud_each_time(window: Window) -> None:
    page = window.page
    await page.goto("/")
    await page.get_by_role("button", name="Sign in").click()
    told = page.get_by_role("alert")
    await expect(told).to_have_text("Fill in your username.")
    await told.evaluate(
        """(node) => new MutationObserver(() => (globalThis.again = true)).observe(node, {
            subtree: true, childList: true, characterData: true,
        })"""
    )
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_function("() => globalThis.again")
    await expect(told).to_have_text("Fill in your username.")
