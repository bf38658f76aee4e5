"""Answers that are kept on their way between the server and a page: they come late, or are lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page, Request, Route


class Late:
    """The answers to one question, which the server has given and the page has not got yet."""

    def __init__(self, method: str) -> None:
        self._method = method
        self._given = asyncio.Event()
        self._coming = asyncio.Event()
        self.asked = 0

    async def given(self) -> None:
        """Wait until the server has answered."""
        await self._given.wait()

    def come(self) -> None:
        """They reach the page, and so do all that follow."""
        self._coming.set()

    async def hold(self, route: Route) -> None:
        if route.request.method != self._method:
            await route.fallback()
            return
        self.asked += 1
        answer = await route.fetch()
        self._given.set()
        await self._coming.wait()
        await route.fulfill(response=answer)


@asynccontextmanager
async def late(page: Page, path: str, method: str = "GET") -> AsyncIterator[Late]:
    """What is asked at `path` is answered late, until the block ends."""
    answers, about = Late(method), f"**/api/v1{path}"
    await page.route(about, answers.hold)
    try:
        yield answers
    finally:
        answers.come()
        await page.unroute_all(behavior="wait")


@asynccontextmanager
async def lost(page: Page, path: str, method: str = "POST") -> AsyncIterator[None]:
    """The server does what is asked at `path`, and its answer is lost."""

    async def lose(route: Route) -> None:
        if route.request.method != method:
            await route.fallback()
            return
        await route.fetch()
        await route.abort()

    await page.route(f"**/api/v1{path}", lose)
    yield
    await page.unroute_all(behavior="wait")


def asked_of(page: Page) -> list[str]:
    """What the page asks the server from now on: a list that grows, of methods and paths with their queries."""
    asked: list[str] = []

    def note(request: Request) -> None:
        _, api, path = request.url.partition("/api/v1")
        if api:
            asked.append(f"{request.method} {path}")

    page.on("request", note)
    return asked
