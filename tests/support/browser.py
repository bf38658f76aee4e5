"""Debian's Chromium, and windows in it that note what nobody should have: errors, failed requests, other hosts."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, WebError, async_playwright

# The browser asks nobody but the server: not for updates, not for what its makers would like to know.
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK, PHONE = (1280, 900), (360, 780)
PATIENCE_MS = 120_000

Theme = Literal["light", "dark"]


def chromium() -> str:
    """Its program: the one that `CHROMIUM` names, or the one on the path."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert found, "Install Debian's package chromium first, or name a Chromium in CHROMIUM"
    return found


@asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """Each start has a profile of its own, that is gone afterwards; so has each window."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS, chromium_sandbox=False)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Window:
    """A user's browser: its own profile, one page or several.

    Attributes:
        address: of the server; whatever asks another host is trouble.
        page: the page that it was opened with.
        seen: what was logged as an error, and what failed.
        expected: patterns of what a test causes on purpose. Each must be found, and nothing else may be.
    """

    address: str
    context: BrowserContext
    page: Page
    seen: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, browser: Browser, address: str, *, theme: Theme = "light", size: tuple[int, int] = DESK
    ) -> AsyncIterator[Window]:
        """An empty page. When the block ends without an error, what was seen is compared with what was expected."""
        context = await browser.new_context(
            base_url=address,
            color_scheme=theme,
            locale="en-GB",
            timezone_id="UTC",
            viewport={"width": size[0], "height": size[1]},
        )
        context.set_default_timeout(PATIENCE_MS)
        window = cls(address, context, await context.new_page())
        context.on("console", window._logged)
        context.on("weberror", window._thrown)
        context.on("request", window._asked)
        context.on("requestfailed", window._failed)
        try:
            yield window
            window.check()
        finally:
            await context.close()

    def expect(self, *patterns: str) -> None:
        self.expected += patterns

    def check(self) -> None:
        surprises = [line for line in self.seen if not any(re.search(each, line) for each in self.expected)]
        assert surprises == [], "\n".join(surprises)
        missed = [each for each in self.expected if not any(re.search(each, line) for line in self.seen)]
        assert missed == [], f"was expected and did not happen: {missed}"

    def _logged(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            where = message.location["url"].removeprefix(self.address)
            self.seen.append(f"console: {message.text} ({where})")

    def _thrown(self, error: WebError) -> None:
        self.seen.append(f"thrown: {error.error}")

    def _asked(self, request: Request) -> None:
        asked = urlsplit(request.url)
        if asked.scheme not in ("data", "blob") and f"{asked.scheme}://{asked.netloc}" != self.address:
            self.seen.append(f"asked another host: {request.url}")

    def _failed(self, request: Request) -> None:
        # The dashboard itself ends what is no longer wanted.
        if request.failure != "net::ERR_ABORTED":
            self.seen.append(f"failed: {request.url.removeprefix(self.address)} {request.failure}")
