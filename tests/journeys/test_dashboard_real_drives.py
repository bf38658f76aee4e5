"""What was imported is what is shown, beside the API's answers; and a server that goes away and comes back."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser import Window
from tests.support.dashboard import address, card, create_driver, panel, settled, sign_in
from tests.support.installation import Api, Installation, real_drives
from tests.support.valkey import free_port

pytestmark = pytest.mark.system


def import_drives(installation: Installation) -> None:
    """The real drives at their own times; where they are not at hand, a small simulated fleet."""
    for drives in real_drives("alarms.jsonl.gz"):
        installation.run("import", "--register", str(drives))
        return
    installation.run("demo", "--drivers", "12", "--days", "10")


async def shows_what_the_api_says(page: Page, api: Api) -> None:
    summary = api.get("/admin/dashboard/summary")
    totals = api.get("/admin/dashboard/stats")["totals"]
    for label, name in (("Drivers", "drivers"), ("Vehicles", "vehicles"), ("Trips", "trips")):
        await expect(card(page, label)).to_have_text(f"{summary[f'total_{name}']:,}")
    await expect(card(page, "Mean risk score")).to_have_text(f"{summary['avg_risk_score']:.1f}")
    assert summary["total_trips"] == totals["trips"] > 0
    await expect(page.locator(".card").filter(has_text="Trips")).to_contain_text(f"{totals['events']:,}")

    levels = panel(page, "Levels of risk")
    for one in api.get("/admin/dashboard/risk-distribution"):
        row = levels.get_by_role("row", name=re.compile(one["risk_level"], re.IGNORECASE))
        await expect(row.locator(".value").first).to_have_text(f"{one['driver_count']:,}")

    days = api.get("/admin/dashboard/trip-activity", days=14)
    trips = panel(page, "Trips per day")
    await trips.get_by_text("Show as table").click()
    cells = await trips.get_by_role("table").locator("tbody tr td:nth-of-type(1)").all_inner_texts()
    assert [int(text.replace(",", "")) for text in cells] == [day["trip_count"] for day in days]

    first = panel(page, "Drivers to look at first").locator("tbody tr")
    worst = api.get("/admin/dashboard/attention", limit=5)
    await expect(first).to_have_count(len(worst))
    for place, driver in enumerate(worst):
        await expect(first.nth(place)).to_contain_text(driver["driver_id"])


async def test_an_import_is_what_the_overview_shows(browser: Browser, installation: Installation) -> None:
    with installation.server() as api:
        async with Window.opened(browser, address(api)) as window:
            page = await sign_in(window)
            await expect(card(page, "Drivers")).to_have_text("0")
            await expect(card(page, "Mean risk score")).to_have_text("\N{EN DASH}")
            await expect(page.get_by_text("No scores yet")).to_be_visible()
            import_drives(installation)
            # What was registered has changed tags, so nothing of before is kept; the page is told by looking again.
            await page.reload()
            await settled(page)
            await shows_what_the_api_says(page, api)


async def test_a_server_that_comes_back_is_found_without_loading_anew(browser: Browser, tmp_path: Path) -> None:
    installation = Installation(tmp_path / "data", {"PORT": str(free_port())})
    async with AsyncExitStack() as stack:
        with installation.server() as api:
            create_driver(api, first_name="Early", last_name="Bird")
            window = await stack.enter_async_context(Window.opened(browser, address(api)))
            page = await sign_in(window)
            await expect(card(page, "Drivers")).to_have_text("1")
            await page.evaluate("globalThis.same = true")
        banner = page.locator(".banner")
        window.expect("net::ERR_CONNECTION_REFUSED")
        await expect(banner).to_contain_text("The server does not answer.")
        await expect(card(page, "Drivers")).to_have_text("1")  # what was seen stays
        with installation.server() as api:
            create_driver(api, first_name="Late", last_name="Riser")
            await expect(banner).to_be_hidden()
            await expect(card(page, "Drivers")).to_have_text("2")
            assert await page.evaluate("globalThis.same")
