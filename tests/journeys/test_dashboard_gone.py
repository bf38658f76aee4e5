"""A page whose driver or vehicle goes away: it asks no more for what is no longer there, and goes on if that stays."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Page, Route, expect

from tests.support.browser import Window
from tests.support.dashboard import LOOKED_AT, Fleet, create_driver, sign_in

pytestmark = pytest.mark.system

Leave = Callable[[Page, str], Awaitable[None]]


async def delete(page: Page, name: str) -> None:
    await page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog", name=f"Delete {name}?")
    await dialog.get_by_role("button", name="Delete").click()


async def erase(page: Page, name: str) -> None:
    await page.get_by_role("button", name="Erase", exact=True).click()
    dialog = page.get_by_role("dialog", name=f"Erase {name}?")
    await dialog.get_by_role("textbox").fill(page.url.rpartition("/")[2])
    await dialog.get_by_role("button", name="Erase for good").click()


def create_vehicle(dashboard: Fleet, name: str) -> str:
    answer = dashboard.api.client.post("/admin/vehicles", json={"name": name})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["vehicle_id"])


@dataclass
class Watch:
    """What the page asks the server about one thing, and keeps what ends it on its way for a while.

    Attributes:
        asked: the addresses that were read since what ends the thing was sent.
    """

    page: Page
    asked: list[str] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def on(cls, page: Page, of: str) -> AsyncIterator[Watch]:
        watch, about = cls(page), f"**/api/v1/admin/**{of}**"
        await page.route(about, watch._pass)
        yield watch
        await page.unroute(about)

    async def _pass(self, route: Route) -> None:
        if route.request.method == "GET":
            self.asked.append(route.request.url)
        else:
            self.asked.clear()
            await self.page.evaluate(LOOKED_AT)
        await route.continue_()


@pytest.mark.parametrize(
    ("kind", "leave"),
    [("drivers", delete), ("drivers", erase), ("vehicles", delete)],
    ids=["deleted", "erased", "vehicle"],
)
async def test_a_page_asks_no_more_for_what_it_has_ended(
    window: Window, dashboard: Fleet, kind: str, leave: Leave
) -> None:
    name = "Gone Tomorrow"
    if kind == "drivers":
        of = str(create_driver(dashboard.api, first_name="Gone", last_name="Tomorrow")["driver_id"])
    else:
        of = create_vehicle(dashboard, name)
    page = await sign_in(window, f"#/{kind}/{of}")
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)
    async with Watch.on(page, of) as watch:
        await leave(page, name)
        await expect(page.locator(".toast")).to_contain_text("Erased" if leave is erase else f"{name} is deleted.")
        await expect(page.get_by_role("heading", level=1)).to_have_text(kind.title())
    assert watch.asked == []


async def test_a_page_goes_on_when_what_it_is_about_stays(window: Window, dashboard: Fleet) -> None:
    driver = create_driver(dashboard.api, first_name="Here", last_name="Today")
    of = driver["driver_id"]
    page = await sign_in(window, f"#/drivers/{of}")
    heading = page.get_by_role("heading", level=1)
    await expect(heading).to_have_text("Here Today")
    await page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog", name="Delete Here Today?")
    changed = dashboard.api.client.patch(f"/admin/drivers/{of}", json={"last_name": "Tomorrow"})
    assert changed.status_code == 200, changed.text
    window.expect("status of 412")

    async with Watch.on(page, of) as watch:
        await dialog.get_by_role("button", name="Delete").click()
        await expect(dialog).to_contain_text("Somebody has changed this meanwhile")
        await dialog.get_by_role("button", name="Cancel").click()
        await expect(heading).to_have_text("Here Tomorrow")
    assert f"{dashboard.address}/api/v1/admin/drivers/{of}/risk" in watch.asked
