"""Lists in the dashboard: searched, filtered, sorted, leafed through, and taken along as a file."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.browser import Window
from tests.support.dashboard import LOOKED_AT, Fleet, create_driver, panel, settled, sign_in
from tests.support.on_its_way import late

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
            // What says how fresh it is, or how long ago something was, goes on.
            const goesOn = (node) => node?.closest?.(".fresh, .panel-head, [data-since]");
            const told = ({ target }) => !goesOn(target) && !goesOn(target.parentElement);
            const noted = (changes) => globalThis.touched.push(
              ...changes.filter(told).map(({ type, target }) => `${type} ${target.className}`),
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


async def test_who_leafs_faster_than_the_server_answers_is_where_it_says(window: Window) -> None:
    page = await sign_in(window, "#/events?state=all")
    inbox = panel(page, "Inbox")
    counted = inbox.locator(".counted")
    await expect(counted).to_have_text("Page 1: 50 events")
    first = await inbox.locator("tbody [data-pick]").first.get_attribute("data-pick")
    async with late(page, "/admin/events?*after=*") as answer:
        await inbox.get_by_role("button", name="Next page").dblclick()
        await answer.given()
        answer.come()
        await expect(counted).to_have_text("Page 2: 50 events")
    async with late(page, "/admin/events?*") as answer:
        await inbox.get_by_role("button", name="Previous page").dblclick()
        await answer.given()
        answer.come()
        await expect(counted).to_have_text("Page 1: 50 events")
    await expect(inbox.locator("tbody [data-pick]").first).to_have_attribute("data-pick", str(first))
    await inbox.get_by_role("button", name="Next page").click()
    await expect(counted).to_have_text("Page 2: 50 events")
    await inbox.get_by_role("button", name="Previous page").click()
    await expect(counted).to_have_text("Page 1: 50 events")


async def test_the_address_of_events_has_all_that_they_are_narrowed_to(window: Window, dashboard: Fleet) -> None:
    driver = dashboard.named["driver_id"]
    page = await sign_in(window, "#/events")
    await page.get_by_role("group", name="Review").get_by_role("button", name="All").click()
    await page.get_by_label("Driver ID").fill(driver)
    await page.wait_for_url(f"**/#/events?*driver_id={driver}*")
    assert "state=all" in page.url
    await page.get_by_role("group", name="Review").get_by_role("button", name="Coached").click()
    await page.wait_for_url("**/#/events?*state=coached*")
    assert f"driver_id={driver}" in page.url


async def test_all_are_shown_whatever_was_typed_last(window: Window) -> None:
    page = await sign_in(window, "#/drivers?search=nobody+is+called+so")
    await expect(page.get_by_text("No driver matches")).to_be_visible()
    await page.get_by_label("Search").evaluate(
        """(input) => {
            input.value = "nobody else";
            input.dispatchEvent(new Event("input"));
            [...document.querySelectorAll("button")].find((one) => one.textContent === "Show all drivers").click();
        }"""
    )
    await page.evaluate("new Promise((done) => setTimeout(done, 400))")
    await settled(page)
    await expect(page.get_by_label("Search")).to_have_value("")
    await expect(panel(page, "All drivers").locator(".counted")).to_contain_text(f"1{TO}50 of ")


async def test_an_answer_is_not_shown_for_another_question(window: Window) -> None:
    """The list is narrowed while the server is away: what stood there is not what is asked for."""
    page = await sign_in(window, "#/drivers")
    shown = panel(page, "All drivers")
    await page.route("**/admin/drivers?*risk_level=high*", lambda route: route.abort())
    window.expect("ERR_FAILED")
    await page.get_by_label("Risk", exact=True).select_option("high")
    await expect(shown.get_by_text("The server does not answer")).to_be_visible()
    await expect(shown.get_by_role("table")).to_have_count(0)
    await page.unroute_all(behavior="wait")
    await expect(shown.get_by_role("table").or_(shown.get_by_text("No driver matches"))).to_be_visible()


async def test_how_long_ago_goes_on_while_nothing_changes(window: Window, dashboard: Fleet) -> None:
    create_driver(dashboard.api, first_name="Made", last_name="Lately")
    await window.page.clock.install()
    page = await sign_in(window)
    row = panel(page, "Newest drivers").locator("dt", has_text="Made Lately").first.locator("+ dd")
    await expect(row).to_contain_text(re.compile("second|now"))
    await page.clock.fast_forward("05:00")
    await expect(row).to_contain_text("5 minutes ago")
