"""Lists in the dashboard: searched, filtered, sorted, leafed through, and taken along as a file."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.browser import Window
from tests.support.dashboard import LOOKED_AT, Fleet, panel, settled, sign_in

pytestmark = pytest.mark.system

TO = "\N{EN DASH}"


def ids_in(file: Path) -> list[str]:
    """It begins with a byte order mark, for Excel."""
    rows = csv.DictReader(file.read_text("utf-8-sig").splitlines())
    return [row["driver_id"] for row in rows]


async def test_the_file_has_what_the_list_shows(window: Window, dashboard: Fleet) -> None:
    page = await sign_in(window, "#/drivers")
    await page.get_by_label("Risk", exact=True).select_option("low")
    await page.get_by_label("Search").fill("an")
    await page.get_by_role("button", name="Driver", exact=True).click()
    await expect(page.get_by_role("columnheader", name="Driver")).to_have_attribute("aria-sort", "descending")
    asked = {"search": "an", "risk_level": "low", "sort": "name", "order": "desc"}
    wanted = [one["driver_id"] for one in dashboard.api.get("/admin/drivers", limit=1000, **asked)["drivers"]]
    assert 0 < len(wanted) < 50
    counted = panel(page, "All drivers").locator(".counted")
    await expect(counted).to_have_text(f"1{TO}{len(wanted)} of {len(wanted)} drivers")
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Export CSV").click()
    download = await downloading.value
    assert download.suggested_filename.startswith("drivers-")
    assert ids_in(await download.path()) == wanted
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Export reasons").click()
    download = await downloading.value
    assert download.suggested_filename.startswith("risk-")
    assert ids_in(await download.path()) == wanted
    codes = panel(page, "All drivers").locator("tbody code")
    assert await codes.all_inner_texts() == wanted


async def test_a_view_can_be_shared_and_gone_back_to(window: Window) -> None:
    page = await sign_in(window, "#/drivers")
    await page.get_by_label("Rows").select_option("25")
    await settled(page)
    await page.get_by_role("button", name="Next page").click()
    counted = panel(page, "All drivers").locator(".counted")
    await expect(counted).to_contain_text(f"26{TO}50 of ")
    await settled(page)
    before = await page.locator("tbody code").all_inner_texts()
    assert len(before) == 25
    await page.reload()
    await settled(page)
    await expect(counted).to_contain_text(f"26{TO}50 of ")
    assert await page.locator("tbody code").all_inner_texts() == before


async def test_an_answer_that_has_not_changed_touches_nothing(window: Window) -> None:
    """Asked again, the server says 304, and not one element of the page is made anew."""
    page = await sign_in(window)
    await page.evaluate(
        """() => {
            globalThis.touched = [];
            const noted = (changes) => globalThis.touched.push(
              ...changes.filter(({ target }) => !(target.closest ?? (() => null)).call(target, ".fresh, .panel-head")
                && !target.parentElement?.closest(".fresh")).map(({ type, target }) => `${type} ${target.className}`),
            );
            new MutationObserver(noted).observe(document.querySelector("main"), {
              subtree: true, childList: true, characterData: true,
            });
        }"""
    )
    async with page.expect_response(lambda answer: "/dashboard/summary" in answer.url and answer.status == 304):
        await page.evaluate(LOOKED_AT)
    await settled(page)
    await page.wait_for_load_state("networkidle")
    assert await page.evaluate("globalThis.touched") == []
