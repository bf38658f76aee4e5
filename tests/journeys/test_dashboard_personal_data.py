"""What the law gives people, in the dashboard: a file of all that is held, to be erased, and who did what."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import expect

from tests.support.browser import Window
from tests.support.dashboard import Fleet, create_driver, panel, show, sign_in

pytestmark = pytest.mark.system


async def test_a_driver_s_data_is_exported_erased_and_both_are_in_the_log(window: Window, dashboard: Fleet) -> None:
    driver = create_driver(dashboard.api, first_name="Zebulon", last_name="Forgettable")
    driver_id = driver["driver_id"]
    page = await sign_in(window, f"#/drivers/{driver_id}")
    data = panel(page, "Personal data")
    async with page.expect_download() as coming:
        await data.get_by_role("button", name="Export data").click()
    download = await coming.value
    assert download.suggested_filename.startswith("driver-")
    held = json.loads((await download.path()).read_text())
    assert held["driver"]["last_name"] == "Forgettable"

    await data.get_by_role("button", name="Erase").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label(f"Type {driver_id} to confirm").fill("DRV-9999")
    window.expect("status of 422")
    await dialog.get_by_role("button", name="Erase for good").click()
    await expect(dialog).to_contain_text("nothing was erased")
    await dialog.get_by_label(f"Type {driver_id} to confirm").fill(driver_id)
    await dialog.get_by_role("button", name="Erase for good").click()
    await expect(dialog).to_have_count(0)
    await expect(page.locator(".toast")).to_contain_text("Erased, with 0 trips.")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Drivers")

    await show(page, "#/audit?entity=driver")
    first = page.get_by_role("table").get_by_role("row").nth(1)
    await expect(first).to_contain_text("Erase")
    await expect(page.get_by_role("table")).not_to_contain_text("Forgettable")


async def test_a_user_is_erased_by_whoever_types_the_name_again(window: Window, dashboard: Fleet) -> None:
    user = {"username": "zenobia", "role": "viewer", "password": "four words beside one another"}
    made = dashboard.api.client.post("/admin/users", json=user)
    assert made.status_code == 201, made.text
    page = await sign_in(window, "#/users")
    row = page.get_by_role("row").filter(has_text="zenobia")
    await row.get_by_role("button", name="Erase").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Type zenobia to confirm").fill("zenobio")
    window.expect("status of 422")
    await dialog.get_by_role("button", name="Erase for good").click()
    await expect(dialog).to_contain_text("nothing was erased")
    await dialog.get_by_label("Type zenobia to confirm").fill("zenobia")
    await dialog.get_by_role("button", name="Erase for good").click()
    await expect(dialog).to_have_count(0)
    await expect(page.locator(".toast")).to_contain_text("zenobia is erased. The log keeps entries as erased-")
    await expect(row).to_have_count(0)

    own = page.get_by_role("row").filter(has_text="You")
    await expect(own.get_by_role("button", name="Edit")).to_have_count(1)
    await expect(own.get_by_role("button", name="Erase")).to_have_count(0)
    await show(page, "#/audit?entity=user")
    await expect(page.get_by_role("table").get_by_role("row").nth(1)).to_contain_text("Erase")
    await expect(page.get_by_role("table")).not_to_contain_text("zenobia")
