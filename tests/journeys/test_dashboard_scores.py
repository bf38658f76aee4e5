"""A score on the dashboard goes on to what is behind it: in words, factor by factor, down to trips and events."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.support.accessibility import violations
from tests.support.browser import DESK, PHONE, Window
from tests.support.dashboard import Fleet, panel, settled, show, sign_in

pytestmark = pytest.mark.system


def scored_driver(dashboard: Fleet) -> str:
    """The riskiest driver: nobody has more behind the score."""
    [driver] = dashboard.api.get("/admin/drivers", sort="risk", order="desc", limit=1)["drivers"]
    found: str = driver["driver_id"]
    return found


async def test_a_factor_opens_to_its_trips_and_events(window: Window, dashboard: Fleet) -> None:
    driver = scored_driver(dashboard)
    risk = dashboard.api.get(f"/admin/drivers/{driver}/risk")
    factor = max((one for one in risk["factors"] if one["events"]), key=lambda one: one["points"])
    page = await sign_in(window, f"#/drivers/{driver}")
    factors = panel(page, "What makes up the score")
    button = factors.get_by_role("button", name=factor["label"], exact=True)
    await expect(factors.locator(".causes").first).to_be_hidden()
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(button).to_have_attribute("aria-expanded", "true")
    behind = factors.locator(".behind:not([hidden])")
    await expect(behind).to_have_count(1)
    sections = behind.locator("section")
    for section, key in ((sections.nth(0), "trips"), (sections.nth(1), "events")):
        await expect(section.get_by_role("link")).to_have_count(len(factor[key]))
    for size in (DESK, PHONE):
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        assert await violations(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]
    await page.keyboard.press("Space")
    await expect(behind).to_have_count(0)
    await expect(button).to_be_focused()


async def test_the_way_from_a_factor_to_an_event_and_to_all(window: Window, dashboard: Fleet) -> None:
    driver = scored_driver(dashboard)
    risk = dashboard.api.get(f"/admin/drivers/{driver}/risk")
    factor = max((one for one in risk["factors"] if one["events"]), key=lambda one: one["amount"])
    page = await sign_in(window, f"#/drivers/{driver}")
    await page.get_by_role("button", name=factor["label"], exact=True).click()
    behind = panel(page, "What makes up the score").locator(".behind:not([hidden])")
    await behind.get_by_role("link", name=f"All {factor['amount']} by day").click()
    await settled(page)
    await expect(page.get_by_label("Driver ID")).to_have_value(driver)
    await expect(page.get_by_label("Event", exact=True)).to_have_value(factor["factor"])
    await show(page, f"#/drivers/{driver}")
    await page.get_by_role("button", name=factor["label"], exact=True).click()
    await behind.locator("section").nth(1).get_by_role("link").first.click()
    await settled(page)
    await expect(page).to_have_url(re.compile(f"trips/{factor['events'][0]['trip_id']}"))


async def test_the_reasons_are_said(window: Window, dashboard: Fleet) -> None:
    driver = scored_driver(dashboard)
    risk = dashboard.api.get(f"/admin/drivers/{driver}/risk")
    page = await sign_in(window, f"#/drivers/{driver}")
    said = panel(page, "The score in words")
    assert risk["reasons"]
    for reason in risk["reasons"]:
        await expect(said.locator(f"[data-code={reason['code']}]")).to_contain_text(reason["text"])
    await expect(said).to_contain_text(risk["lower"][0]["text"])


async def test_a_trip_says_how_its_score_comes_about(window: Window, dashboard: Fleet) -> None:
    trips = dashboard.api.get("/admin/trips", limit=200)["items"]
    worst = min(trips, key=lambda trip: trip["trip_score"])
    trip = dashboard.api.get(f"/admin/trips/{worst['trip_id']}")
    page = await sign_in(window, f"#/trips/{trip['trip_id']}")
    told = panel(page, "How it is scored")
    assert trip["deductions"]
    for one in trip["deductions"]:
        await expect(told).to_contain_text(one["label"])
    await expect(told.locator("dd").last).to_have_text(f"{trip['trip_score']:.2f}")


async def test_every_number_of_a_version_is_shown_with_its_source(window: Window, dashboard: Fleet) -> None:
    [active] = [one for one in dashboard.api.get("/admin/score-versions")["items"] if one["state"] == "active"]
    version = dashboard.api.get(f"/admin/score-versions/{active['version']}")
    page = await sign_in(window, "#/scoring")
    shown = panel(page, "Every number")
    await expect(shown).to_contain_text(f"Version {active['version']}, active")
    names = [one["name"] for one in version["values"] if one["value"] is not None]
    names += [one["name"] for each in version["classes"] for one in each["values"]]
    await expect(shown.locator("code")).to_have_count(len(names))
    assert sorted(await shown.locator("code").all_text_contents()) == sorted(names)
    weight = shown.get_by_role("row", name=re.compile("risk_phone_use"))
    await expect(weight).to_contain_text("Phone use: most points")
    await expect(weight).to_contain_text("16")
    await expect(weight).to_contain_text("Dingus et al. 2016")
    cut = shown.locator("code", has_text="standing_below_kmh")
    await expect(cut).to_be_hidden()
    await shown.locator("summary", has_text="Where trips begin and end").click()
    await expect(cut).to_be_visible()


async def test_hours_are_times_of_day(window: Window) -> None:
    """A version may let the night begin at half past ten."""
    page = await sign_in(window, "#/scoring")
    told = await page.evaluate(
        "async () => { const main = document.querySelector('script[type=module]').src; "
        "const { written } = await import(main.replace('main.js', 'pages/scoring_words.js')); "
        "return [0, 5, 22.5, 24].map((value) => written({ value, unit: 'h' })); }"
    )
    assert told == ["00:00", "05:00", "22:30", "24:00"]
