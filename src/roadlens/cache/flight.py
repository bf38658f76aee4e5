"""One load for all who ask the same at the same time. It belongs to nobody: who leaves does not end it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")


class Flights(Generic[T]):
    """The loads under way, by key."""

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Task[T]] = {}
        self._closed = False

    def __contains__(self, key: str) -> bool:
        return key in self._under_way

    async def join(self, key: str, load: Callable[[], Awaitable[T]]) -> tuple[T, bool]:
        """The result of the load of this key, begun now if none is under way; and whether it was begun now.

        Raises:
            Exception: whatever the load raised, to everybody who waits for it.
        """
        task = self._under_way.get(key)
        if task is not None:
            try:
                return await _outcome(task), False
            except asyncio.CancelledError:
                if self._closed or not task.cancelled() or _asked_to_end():
                    raise
                # Something within that load was cancelled. It was not this caller, who has it loaded anew.
                return await self.join(key, load)
        return await _outcome(self.begin(key, load)), True

    def begin(self, key: str, load: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
        """Begin a load that whoever comes may join."""
        task = asyncio.ensure_future(_awaited(load))
        self._under_way[key] = task
        task.add_done_callback(lambda done: self._ended(key, done))
        return task

    async def close(self) -> None:
        """End all loads."""
        self._closed = True
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, key: str, task: asyncio.Task[T]) -> None:
        if self._under_way.get(key) is task:
            del self._under_way[key]
        if not task.cancelled():
            task.exception()  # looked at: a failed load that nobody waits for any more is no news


async def _outcome(task: asyncio.Task[T]) -> T:
    """The result of a task, which goes on if whoever waits here is cancelled: `asyncio.shield`, in half the time."""
    if not task.done():
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        wake = partial(_wake, ended)
        task.add_done_callback(wake)
        try:
            await ended
        except asyncio.CancelledError:
            task.remove_done_callback(wake)
            raise
    return task.result()


def _wake(ended: asyncio.Future[None], _task: object) -> None:
    if not ended.done():
        ended.set_result(None)


def _asked_to_end() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _awaited(load: Callable[[], Awaitable[T]]) -> T:
    return await load()
