"""The dashboard of a real server, used as a person uses it: by labels, names and what stands there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.support.browser import PATIENCE_MS, Window
from tests.support.installation import ADMIN_PASSWORD, Api, Installation, real_drives

VIEWER, VIEWER_PASSWORD = "viewer", "may look and may not edit"
ADMINS_PASSWORD = "a password that is long enough"

# A page that is looked at anew asks for everything.
LOOKED_AT = "document.dispatchEvent(new Event('visibilitychange'))"

# What would be asked for again after some seconds is not: what is seen comes of an edit, and of nothing else.
NEVER_AGAIN = """
const wait = globalThis.setTimeout;
globalThis.setTimeout = (does, after, ...more) => (after >= 5000 ? 0 : wait(does, after, ...more));
"""

expect.set_options(timeout=PATIENCE_MS)


def fill(installation: Installation, *, drivers: int, days: int) -> None:
    """A simulated fleet, and the real drives as of two hours ago. Where those are not at hand, the fleet is all."""
    installation.run("demo", "--drivers", str(drivers), "--days", str(days))
    end = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    for drives in real_drives("alarms.jsonl.gz"):
        installation.run("import", "--register", "--shift-to", end.isoformat(), str(drives))


@dataclass(frozen=True)
class Fleet:
    """A running server whose pages all have something to show.

    Attributes:
        named: ids for the addresses of pages.
    """

    api: Api
    named: dict[str, str]

    @property
    def address(self) -> str:
        return address(self.api)

    @classmethod
    @contextmanager
    def opened(cls, installation: Installation) -> Iterator[Fleet]:
        """`installation` has been filled. There is also a user who may only look."""
        with installation.server() as api:
            body = {"username": VIEWER, "role": "viewer", "password": VIEWER_PASSWORD}
            api.client.post("/admin/users", json=body).raise_for_status()
            yield cls(api, ids(api))


def ids(api: Api) -> dict[str, str]:
    """Of a driver who has driven and what is theirs: of the real drives, where they are at hand, for they came last."""
    drivers = api.get("/admin/drivers", sort="driver_id", order="desc", limit=100)["drivers"]
    driver = next(driver for driver in drivers if driver["trips"] and driver["vehicle"])
    trip = api.get(f"/admin/drivers/{driver['driver_id']}/trips", limit=1)["items"][0]
    return {name: str(trip[name]) for name in ("driver_id", "trip_id", "vehicle_id")}


def address(api: Api) -> str:
    return str(api.client.base_url).removesuffix("/api/v1/").removesuffix("/api/v1")


def create_driver(api: Api, **values: Any) -> dict[str, Any]:
    answer = api.client.post("/admin/drivers", json=values)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def create_admin(api: Api, username: str) -> int:
    """One whose tokens may be ended without disturbing anybody; the password is `ADMINS_PASSWORD`."""
    body = {"username": username, "role": "admin", "password": ADMINS_PASSWORD}
    made: int = api.client.post("/admin/users", json=body).raise_for_status().json()["user_id"]
    return made


async def sign_in(
    window: Window, place: str = "#/", *, username: str = "admin", password: str = ADMIN_PASSWORD
) -> Page:
    """Go to a page by its address and sign in there, by keyboard."""
    page = window.page
    await page.goto(f"/{place}")
    await enter(page, username, password)
    await settled(page)
    return page


async def enter(page: Page, username: str, password: str) -> None:
    await page.get_by_label("Username").fill(username)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


# The old page is left when this is done: the dashboard hears of the new address before.
MOVE = """place => new Promise((done) => {
  if (location.hash === place) return done();
  addEventListener("hashchange", () => done(), { once: true });
  location.hash = place;
})"""


async def show(page: Page, place: str) -> None:
    """Go to another page of the dashboard, as a link does."""
    await page.evaluate(MOVE, place)
    await settled(page)


async def settled(page: Page) -> None:
    """Wait until the page has all its numbers and charts."""
    await expect(page.locator("main.page h1")).to_be_visible()
    await expect(page.locator("[aria-busy=true], [data-waiting], [data-loading]")).to_have_count(0)


def card(page: Page, label: str) -> Locator:
    """The figure of one of the overview's cards."""
    return page.locator(".card", has=page.get_by_text(label, exact=True)).locator(".figure")


def panel(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)
