"""The primaries of a Redis Cluster, and which of them has a key. Each is reached like a server of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from redis.crc import key_slot
from redis.exceptions import AskError, ClusterDownError, MovedError, RedisError

from roadlens.cache.connections import Command, Connections, RedisConfig, Unreachable

Place = tuple[str, int]


class Cluster:
    """A `connections.Servers`. Begins to know the cluster at `find`, starting from the configured node.

    redis-py's own client for clusters sleeps, retries and closes connections that are in use when a node fails, which
    no short deadline survives; so this one only follows what the nodes say.
    """

    def __init__(self, config: RedisConfig) -> None:
        self._config = config
        self._seed = Connections(config)
        self._nodes: dict[Place, Connections] = {}
        self._slots: dict[int, Connections] = {}
        self._finding: asyncio.Task[None] | None = None

    @property
    def primaries(self) -> Sequence[Connections]:
        return tuple(self._nodes.values())

    async def find(self) -> None:
        """Ask all nodes that are known for the others; the first answer counts.

        Raises:
            Unreachable, redis.exceptions.RedisError: none answers; what the last one failed with.
        """
        asked = [asyncio.create_task(_slots_of(node)) for node in (self._seed, *self._nodes.values())]
        failure: Exception = Unreachable("No node of the cluster is known.")
        try:
            for answer in asyncio.as_completed(asked):
                try:
                    await self._adopt(await answer)
                except (RedisError, Unreachable) as error:
                    failure = error
                else:
                    return
            raise failure
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

    async def ping(self) -> None:
        try:
            async with asyncio.TaskGroup() as pings:
                for node in self._nodes.values():
                    pings.create_task(node.ping())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures.exceptions[0].__cause__

    async def ask(self, command: Command, key: str = "") -> Any:
        slot = key_slot(key.encode())
        node = self._slots.get(slot)
        if node is None:
            raise ClusterDownError("Hash slot not served")
        try:
            return await node.ask(command)
        except MovedError as moved:
            # Follow it, and see in the background where everything else is now.
            self._slots[slot] = there = self._node((moved.host or node.config.host, moved.port))
            self._find_soon()
            return await there.ask(command)
        except AskError as moving:
            there = self._node((moving.host or node.config.host, moving.port))
            return (await there.ask_all((("ASKING",), command)))[1]

    async def forget(self) -> None:
        for node in (self._seed, *self._nodes.values()):
            await node.forget()

    async def close(self) -> None:
        if self._finding is not None:
            self._finding.cancel()
            await asyncio.wait([self._finding])
        for node in (self._seed, *self._nodes.values()):
            await node.close()

    def _node(self, place: Place) -> Connections:
        if place not in self._nodes:
            self._nodes[place] = Connections(replace(self._config, host=place[0], port=place[1]))
        return self._nodes[place]

    async def _adopt(self, ranges: Sequence[tuple[range, Place]]) -> None:
        """Use this map; close what is no longer in it."""
        self._slots = {slot: self._node(place) for slots, place in ranges for slot in slots}
        gone = self._nodes.keys() - {place for _, place in ranges}
        for node in [self._nodes.pop(place) for place in gone]:
            await node.close()

    def _find_soon(self) -> None:
        if self._finding is None or self._finding.done():
            self._finding = asyncio.create_task(self._find_anyway())

    async def _find_anyway(self) -> None:
        try:
            async with asyncio.timeout(self._config.connect_timeout):
                await self.find()
        except (RedisError, Unreachable, TimeoutError):
            pass  # the next command that is sent to the wrong node asks again


async def _slots_of(node: Connections) -> list[tuple[range, Place]]:
    """What `CLUSTER SLOTS` says: which slots are at which primary. A node that does not know its own host is where we
    reached it.
    """
    found: list[tuple[range, Place]] = []
    for first, last, (host, port, *_), *_ in await node.ask(("CLUSTER", "SLOTS")):
        found.append((range(first, last + 1), (host.decode() if host else node.config.host, port)))
    if not found:
        raise ClusterDownError("No slot is served")
    return found
