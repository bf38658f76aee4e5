"""Hears which workers know of what, for a process that writes and keeps no answers: a command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from roadlens.storage.change_feed import messages
from roadlens.storage.change_feed.acknowledgements import Acknowledgements
from roadlens.storage.change_feed.connection import Connection
from roadlens.storage.change_feed.keeping import Keeper
from roadlens.storage.change_feed.lease import LEASE_S


class Ear:
    """Without it a writer must wait for the workers' renewals, a second or so; nothing else depends on it."""

    def __init__(self, url: str) -> None:
        self._keeper = Keeper(url, "roadlens ear", self._attend)
        self.acknowledgements = Acknowledgements()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hears while the block runs."""
        async with self._keeper.running(lambda: None):
            yield

    async def _attend(self, connection: Connection) -> None:
        await connection.ask(f"LISTEN {messages.ACKNOWLEDGEMENTS}".encode(), within=LEASE_S)
        self._keeper.attached.set()
        while not self._keeper.stopping:
            while connection.received:
                _, payload = connection.received.popleft()
                self.acknowledgements.heard(*messages.read_acknowledgement(payload))
            await connection.hear(self._keeper.wake, 60)
