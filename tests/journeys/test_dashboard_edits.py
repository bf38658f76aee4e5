"""Edits in the dashboard: seen everywhere at once, refused at their field, and never lost to somebody else's."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.journeys.conftest import OpenWindow
from tests.support.browser import Window
from tests.support.dashboard import (
    ADMINS_PASSWORD,
    LOOKED_AT,
    NEVER_AGAIN,
    VIEWER,
    VIEWER_PASSWORD,
    Fleet,
    card,
    create_admin,
    create_driver,
    panel,
    settled,
    show,
    sign_in,
)
from tests.support.on_its_way import late
from tests.support.pages import PAGES

pytestmark = pytest.mark.system

SCRIPT = "<script>document.title='gone'</script>"
IMAGE = '"><img src=x onerror="document.title=\'gone\'">'


async def found(page: Page, driver: dict[str, Any]) -> Locator:
    """The row of a driver in the list of drivers, which is searched for the id."""
    await page.get_by_label("Search").fill(driver["driver_id"])
    row = page.get_by_role("row").filter(has=page.get_by_text(driver["driver_id"], exact=True))
    await expect(row).to_be_visible()
    await settled(page)
    return row


async def edit(page: Page, driver: dict[str, Any]) -> Locator:
    row = await found(page, driver)
    await row.get_by_role("button", name=re.compile("^Edit ")).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    return dialog


def reread(dashboard: Fleet, driver: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = dashboard.api.get(f"/admin/drivers/{driver['driver_id']}")
    return read


async def test_an_edit_is_seen_everywhere_at_once(window: Window, open_window: OpenWindow, dashboard: Fleet) -> None:
    driver = create_driver(dashboard.api, first_name="Before", last_name="Everywhere")
    await window.context.add_init_script(NEVER_AGAIN)
    page = await sign_in(window, "#/drivers")
    tabs = []
    for place in ("#/", *(shown.address(driver) for shown in PAGES if ":driver_id" in shown.path)):
        tab = await window.context.new_page()
        await tab.goto(f"/{place}")
        await expect(tab.get_by_role("main")).to_contain_text("Before Everywhere")
        tabs.append(tab)
    other = await sign_in(await open_window(), f"#/drivers?search={driver['driver_id']}")
    await expect(other.get_by_role("table")).to_contain_text("Before Everywhere")

    dialog = await edit(page, driver)
    await dialog.get_by_label("First name").fill("After")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_role("table")).to_contain_text("After Everywhere")
    # Other tabs of the same browser are told, whatever page they show.
    for tab in tabs:
        await expect(tab.get_by_role("main")).to_contain_text("After Everywhere")
    # Another user's browser looks every few seconds; it is not loaded anew.
    await expect(other.get_by_role("table")).to_contain_text("After Everywhere")
    assert await other.evaluate("performance.getEntriesByType('navigation').length") == 1
    assert reread(dashboard, driver)["first_name"] == "After"


async def test_a_new_driver_counts_at_once_and_a_deleted_one_no_more(window: Window, dashboard: Fleet) -> None:
    page = await sign_in(window)
    before = dashboard.api.get("/admin/dashboard/summary")["total_drivers"]
    await expect(card(page, "Drivers")).to_have_text(str(before))
    await show(page, "#/drivers")
    await page.get_by_role("button", name="New driver").click()
    await page.get_by_label("First name").fill("Counted")
    await page.get_by_label("Last name").fill("Once")
    await page.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await show(page, "#/")
    await expect(card(page, "Drivers")).to_have_text(str(before + 1))
    await show(page, "#/drivers?search=Counted")
    await page.get_by_role("button", name="Delete Counted Once").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("No driver matches")).to_be_visible()
    await show(page, "#/")
    await expect(card(page, "Drivers")).to_have_text(str(before))


async def test_what_is_refused_is_told_at_its_field_and_stays_typed(window: Window, dashboard: Fleet) -> None:
    create_driver(dashboard.api, first_name="First", last_name="Come", email="taken@example.com")
    page = await sign_in(window, "#/drivers")
    await page.get_by_role("button", name="New driver").click()
    typed = {"First name": "Second", "Last name": "Come", "E-mail address": "taken@example.com", "City": "Omaha"}
    for label, text in typed.items():
        await page.get_by_label(label).fill(text)
    years = page.get_by_label("Years licensed")
    await years.fill("a few")
    window.expect("status of 422", "status of 409")
    await page.get_by_role("button", name="Create").click()
    await expect(years).to_be_focused()
    await expect(years).to_have_attribute("aria-invalid", "true")
    await expect(years).to_have_value("a few")

    await years.fill("3")
    await page.get_by_role("button", name="Create").click()
    email = page.get_by_label("E-mail address")
    await expect(email).to_be_focused()
    taken = re.compile("Another driver has the e-mail address taken@example.com")
    await expect(email).to_have_accessible_description(taken)
    await expect(years).not_to_have_attribute("aria-invalid", "true")
    for label, text in typed.items():
        await expect(page.get_by_label(label)).to_have_value(text)

    await email.fill("free@example.com")
    await page.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert dashboard.api.get("/admin/drivers", search="free@example.com")["drivers"][0]["city"] == "Omaha"


async def test_two_who_edit_the_same_driver_lose_nothing(
    window: Window, open_window: OpenWindow, dashboard: Fleet
) -> None:
    driver = create_driver(dashboard.api, first_name="Two", last_name="Editors", city="Lincoln", phone="555 0100")
    one = await edit(await sign_in(window, "#/drivers"), driver)
    second = await open_window()
    two = await edit(await sign_in(second, "#/drivers"), driver)
    await one.get_by_label("City").fill("Omaha")
    await one.get_by_label("Phone").fill("+1 402 555 0101")
    await one.get_by_role("button", name="Save").click()
    await expect(one).to_have_count(0)

    await two.get_by_label("City").fill("Ames")
    await two.get_by_label("Street").fill("1 Main Street")
    second.expect("status of 412")
    await two.get_by_role("button", name="Save").click()
    await expect(two.get_by_role("alert")).to_contain_text("Somebody else has changed this meanwhile: Phone, City.")
    await expect(two.get_by_label("City")).to_have_value("Ames")
    await expect(two.get_by_label("Street")).to_have_value("1 Main Street")
    await expect(two.get_by_label("Phone")).to_have_value("+1 402 555 0101")
    await expect(two).to_contain_text("Somebody else wrote “Omaha”; it was “Lincoln”.")
    assert reread(dashboard, driver)["city"] == "Omaha", "nothing is overwritten before the second has seen it"

    await two.get_by_role("button", name="Save").click()
    await expect(two).to_have_count(0)
    now = reread(dashboard, driver)
    assert (now["city"], now["address"], now["phone"]) == ("Ames", "1 Main Street", "+1 402 555 0101")


async def test_a_viewer_sees_everything_and_may_edit_nothing(window: Window, dashboard: Fleet) -> None:
    page = await sign_in(window, "#/drivers", username=VIEWER, password=VIEWER_PASSWORD)
    await expect(page.get_by_text("Viewer: may look, not edit")).to_be_visible()
    await expect(page.get_by_role("row").nth(1)).to_be_visible()
    for shown in PAGES:
        await show(page, shown.address(dashboard.named))
        controls = page.locator("main.page").get_by_role("button", name="New")
        edits = (
            page.locator("main.page")
            .locator("button")
            .filter(has_text="Edit")
            .or_(page.locator("main.page button[aria-label^=Edit], main.page button[aria-label^=Delete]"))
        )
        await expect(controls).to_have_count(0)
        await expect(edits).to_have_count(0)
    # What a viewer's browser could still ask for is refused by the server.
    status = await page.evaluate(
        """async () => {
            const { token } = JSON.parse(sessionStorage.getItem("roadlens.session"));
            const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
            const body = JSON.stringify({ first_name: "Not", last_name: "Allowed" });
            return (await fetch("api/v1/admin/drivers", { method: "POST", headers, body })).status;
        }"""
    )
    assert status == 403
    window.expect("status of 403")


@pytest.mark.parametrize("name", [SCRIPT, IMAGE], ids=["script", "image"])
async def test_script_in_a_name_stays_a_name(window: Window, dashboard: Fleet, name: str) -> None:
    """On every page that shows the driver, in its title, its editor and what is said in passing."""
    driver = create_driver(dashboard.api, first_name=name, last_name="<b>Tables</b>")
    whole = f"{name} <b>Tables</b>"
    named = dashboard.named | {"driver_id": driver["driver_id"]}
    page = await sign_in(window)
    await expect(panel(page, "Newest drivers")).to_contain_text(whole)
    for shown in PAGES:
        await show(page, shown.address(named))
        if ":driver_id" in shown.path:
            await expect(page.get_by_role("heading", level=1)).to_contain_text(whole)
    await show(page, "#/drivers")
    dialog = await edit(page, driver)
    await expect(dialog.get_by_role("heading")).to_have_text(f"Edit {whole}")
    await dialog.get_by_label("City").fill(name)
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.locator(".toast")).to_have_text(f"{whole} is saved.")
    await show(page, "#/")
    assert await page.locator("main.page").locator("script, b:not(.scale b), img").count() == 0
    assert "gone" not in await page.title()
    dashboard.api.client.delete(f"/admin/drivers/{driver['driver_id']}").raise_for_status()


async def test_what_is_typed_is_not_lost_to_a_key(window: Window) -> None:
    """Chromium closes a dialog at a second Escape without asking it."""
    page = await sign_in(window, "#/drivers")
    await page.get_by_role("button", name="New driver").click()
    await page.get_by_label("First name").fill("Typed")
    asking = page.get_by_role("dialog", name="Discard what you typed?")
    for seen in (1, 0, 1, 0, 1):
        await page.keyboard.press("Escape")
        await expect(asking).to_have_count(seen)
        await expect(page.get_by_label("First name")).to_have_value("Typed")


async def test_a_moment_that_is_none_is_refused_at_its_field(window: Window, dashboard: Fleet) -> None:
    page = await sign_in(window, f"#/vehicles/{dashboard.named['vehicle_id']}")
    await page.get_by_role("button", name="Assign a device").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Device").fill("nobody-has-this")
    await dialog.get_by_label("Driver ID").fill(dashboard.named["driver_id"])
    await dialog.get_by_label("From").fill("12026-05-04T18:20")
    window.expect("status of 422")
    await dialog.get_by_role("button", name="Create").click()
    await expect(dialog.get_by_label("From")).to_have_attribute("aria-invalid", "true")


async def test_saving_is_not_said_to_be_undone(window: Window, dashboard: Fleet) -> None:
    driver = create_driver(dashboard.api, first_name="Slowly", last_name="Saved")["driver_id"]
    page = await sign_in(window, f"#/drivers/{driver}")
    await page.get_by_role("button", name="Edit", exact=True).click()
    await page.get_by_label("City").fill("Omaha")
    async with late(page, f"/admin/drivers/{driver}", "PATCH") as answer:
        await page.get_by_role("button", name="Save").click()
        await answer.given()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog").last).to_contain_text("may be saved all the same")
        answer.come()
        await expect(page.locator(".toast")).to_have_text("Slowly Saved is saved.")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_what_is_refused_after_its_page_is_left_is_said(window: Window, dashboard: Fleet) -> None:
    create_driver(dashboard.api, first_name="Has", last_name="It", email="had@example.com")
    driver = create_driver(dashboard.api, first_name="Wants", last_name="It")["driver_id"]
    page = await sign_in(window, f"#/drivers/{driver}")
    await page.get_by_role("button", name="Edit", exact=True).click()
    await page.get_by_label("E-mail address").fill("had@example.com")
    window.expect("status of 409")
    async with late(page, f"/admin/drivers/{driver}", "PATCH") as answer:
        await page.get_by_role("button", name="Save").click()
        await answer.given()
        await show(page, "#/vehicles")
        answer.come()
        await expect(page.locator(".toast")).to_contain_text("Edit Wants It: Another driver has the e-mail address")


async def test_what_is_not_seen_here_may_be_what_somebody_else_has_changed(window: Window, dashboard: Fleet) -> None:
    """A new password is another version of a user, and no field of the editor."""
    user_id = create_admin(dashboard.api, "versioned")
    page = await sign_in(window, "#/users")
    await page.get_by_role("button", name="Edit versioned").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("E-mail address").fill("versioned@example.com")
    dashboard.api.client.post(f"/admin/users/{user_id}/password", json={"password": ADMINS_PASSWORD}).raise_for_status()
    window.expect("status of 412")
    await dialog.get_by_role("button", name="Save").click()
    told = dialog.get_by_role("alert")
    await expect(told).to_contain_text("Somebody else has changed this meanwhile, though nothing that stands here.")
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.locator(".toast")).to_have_text("versioned is saved.")


async def test_the_focus_is_not_lost_with_the_button_it_came_from(window: Window, dashboard: Fleet) -> None:
    driver = create_driver(dashboard.api, first_name="Still", last_name="Focused")
    page = await sign_in(window, "#/drivers")
    dialog = await edit(page, driver)
    dashboard.api.client.patch(f"/admin/drivers/{driver['driver_id']}", json={"last_name": "Elsewhere"})
    await page.evaluate(LOOKED_AT)
    await expect(page.locator("tbody")).to_contain_text("Still Elsewhere")
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
