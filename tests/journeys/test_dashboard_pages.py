"""What holds for every page: it says what it is, everybody can use it, nothing moves, and a phone is wide enough."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.support.accessibility import WATCH_SHIFTS, shifts, violations
from tests.support.browser import DESK, PHONE, Theme, Window
from tests.support.dashboard import Fleet, settled, sign_in
from tests.support.pages import PAGES, Shown

pytestmark = pytest.mark.system

EACH_PAGE = pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.name)
# Of the window, as the browser counts it: what a reader would hardly notice.
MOST_SHIFT = 0.01


async def test_every_page_is_in_the_table(window: Window) -> None:
    page = await sign_in(window)
    paths = await page.evaluate(
        """async () => {
            const routes = new URL(`${document.documentElement.dataset.at}/js/routes.js`, document.baseURI);
            return (await import(routes)).ROUTES.map((route) => route.path.join("/"));
        }"""
    )
    assert sorted(paths) == sorted(shown.path for shown in PAGES)
    linked = (
        await page.get_by_role("navigation", name="Pages")
        .get_by_role("link")
        .evaluate_all("links => links.map(link => link.getAttribute('href'))")
    )
    assert sorted(linked) == sorted(f"#/{shown.path}" for shown in PAGES if shown.in_nav)


@EACH_PAGE
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_everybody_can_use_it(browser: Browser, dashboard: Fleet, shown: Shown, theme: Theme) -> None:
    async with Window.opened(browser, dashboard.address, theme=theme) as window:
        page = await sign_in(window, shown.address(dashboard.named))
        heading = page.get_by_role("heading", level=1)
        await expect(heading).to_have_text(shown.heading or await heading.inner_text())
        await expect(page).to_have_title(f"{await heading.inner_text()} · Roadlens")
        for width, height in (DESK, PHONE):
            await page.set_viewport_size({"width": width, "height": height})
            await settled(page)
            assert await violations(page) == []
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, "it can be scrolled to the side"


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_everybody_can_sign_in_and_fill_in_a_form(browser: Browser, dashboard: Fleet, theme: Theme) -> None:
    for size in (DESK, PHONE):
        async with Window.opened(browser, dashboard.address, theme=theme, size=size) as window:
            await window.page.goto("/")
            await window.page.get_by_role("button", name="Sign in").click()
            await expect(window.page.get_by_role("alert")).to_be_visible()
            assert await violations(window.page) == []
            page = await sign_in(window, "#/drivers")
            await page.get_by_role("button", name="New driver").click()
            await page.get_by_role("button", name="Create").click()
            await expect(page.get_by_text("Fill this in.").first).to_be_visible()
            assert await violations(page) == []


@EACH_PAGE
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_nothing_moves_while_it_loads(
    browser: Browser, dashboard: Fleet, shown: Shown, size: tuple[int, int]
) -> None:
    async with Window.opened(browser, dashboard.address, size=size) as window:
        page = await sign_in(window)
        await page.add_init_script(WATCH_SHIFTS)
        await page.goto("about:blank")
        await page.goto(f"/{shown.address(dashboard.named)}")
        await settled(page)
        await page.wait_for_load_state("networkidle")
        moved, by = await shifts(page)
        assert moved < MOST_SHIFT, by


@EACH_PAGE
async def test_the_keyboard_reaches_everything(window: Window, dashboard: Fleet, shown: Shown) -> None:
    """Tab comes by whatever can be pressed, in the order of the page, shows where it is, and leaves it again."""
    page = await sign_in(window, shown.address(dashboard.named))
    await page.evaluate("document.activeElement?.blur()")
    there = await page.evaluate(REACHABLE)
    assert there > 5
    reached: list[dict[str, Any]] = []
    for _ in range(2 * there + 20):
        await page.keyboard.press("Tab")
        at = await page.evaluate(FOCUSED)
        numbers = [each["number"] for each in reached]
        if at and numbers[-1:] == [at["number"]]:
            continue  # a date has several parts
        if at is None or at["number"] in numbers:
            break
        reached.append(at)
    numbers = [each["number"] for each in reached]
    assert len(numbers) == there, "what cannot be reached: " + str(await page.evaluate(MISSED, numbers))
    assert [at["name"] for at in reached if not at["seen"]] == [], "the focus is not seen"


async def test_the_keyboard_alone_is_enough(window: Window) -> None:
    """To the content, through the list, into the editor and out again: Tab, Enter, Space, Escape."""
    page = await sign_in(window)
    await page.evaluate("document.activeElement?.blur()")
    keys = page.keyboard
    await keys.press("Tab")
    await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    await keys.press("Enter")
    await expect(page.get_by_role("main")).to_be_focused()
    await page.get_by_role("link", name="Drivers", exact=True).focus()
    await keys.press("Enter")
    await settled(page)
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await page.get_by_role("button", name="Risk").focus()
    await keys.press("Space")
    await settled(page)
    await expect(page.get_by_role("columnheader", name="Risk")).to_have_attribute("aria-sort", "descending")
    await expect(page.get_by_role("button", name="Risk")).to_be_focused()
    create = page.get_by_role("button", name="New driver")
    await create.focus()
    await keys.press("Space")
    await expect(page.get_by_label("First name")).to_be_focused()
    await keys.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(create).to_be_focused()


# What can be pressed or filled in, and is seen; each gets a number. Of a group of radio buttons, Tab comes to one.
REACHABLE = """() => {
  const pressed = "a[href], button, input, select, textarea, summary, [tabindex='0']";
  const shown = [...document.querySelectorAll(pressed)].filter(
    (one) => !one.disabled && one.checkVisibility({ visibilityProperty: true }) && one.tabIndex >= 0 &&
      !(one.type === "radio" && !one.checked),
  );
  shown.forEach((one, index) => { one.dataset.number = index; });
  return shown.length;
}"""

FOCUSED = """() => {
  const one = document.activeElement;
  if (one === document.body || one.dataset.number === undefined) return null;
  const looks = [one, one.parentElement, one.nextElementSibling].filter(Boolean).map((each) => getComputedStyle(each));
  const seen = looks.some((style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0);
  return { number: Number(one.dataset.number), name: one.getAttribute("aria-label") ?? one.textContent, seen };
}"""

MISSED = """(reached) => [...document.querySelectorAll("[data-number]")]
  .filter((one) => !reached.includes(Number(one.dataset.number)))
  .map((one) => one.outerHTML.slice(0, 120))"""
