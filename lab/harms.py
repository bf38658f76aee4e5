"""What can be done to a site, each harm with its end: processes that die or sleep, ways that fail."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg

from lab import clocks
from lab.links import Link
from lab.memory import children
from lab.site import Place, Site
from tests.support.proxy import Way
from tests.support.workers import until

# Seconds of a pause or of a way that is closed: well below a lease (2 s), or beyond it.
_SHORT: Final = (0.05, 1.5)
_LONG: Final = (2.2, 5.0)
# Of a pause of Redis, which nobody waits for: longer than anything may take. Who sleeps over a transaction holds locks.
_VERY_LONG: Final = (2.2, 8.0)
# Seconds within which all processes of PostgreSQL are ended once one of them was killed.
_NOTICED_WITHIN_S: Final = 5.0

# After it servers have other ideas of how old an answer is.
CLOCK: Final = "restart with another time of day"

_WAYS: Final = (Way.BOTH, Way.TO_SERVER, Way.TO_CLIENT)
_NAMES: Final = {Way.BOTH: "both ways", Way.TO_SERVER: "to it", Way.TO_CLIENT: "from it"}


@dataclass(frozen=True)
class Harm:
    """One kind of harm to one target. `do` returns when it has been undone and the target is well again.

    Attributes:
        weight: how often it is chosen.
        alone: held while it lasts, by all harms to the same target.
    """

    kind: str
    target: str
    do: Callable[[random.Random], None]
    weight: int = 1
    alone: threading.Lock = field(default_factory=threading.Lock)


def all_harms(site: Site) -> list[Harm]:
    return [
        *(harm for place in site.places for harm in to_server(place)),
        *(harm for place in site.places for harm in to_ways(place)),
        *to_redis(site),
        *to_database(site),
    ]


def _a_while(dice: random.Random, long: tuple[float, float] = _LONG) -> float:
    return dice.uniform(*dice.choice((_SHORT, long)))


def to_server(place: Place) -> Iterator[Harm]:
    server, alone = place.server, threading.Lock()

    def kill(dice: random.Random) -> None:
        server.kill()
        time.sleep(dice.uniform(0, 1))
        server.start()

    def restart(dice: random.Random) -> None:  # noqa: ARG001 - every harm takes the dice
        server.stop()
        server.start()

    def skew(dice: random.Random) -> None:
        server.more = clocks.environment(dice.choice((-clocks.MOST_OFF_S, 0, clocks.MOST_OFF_S)))
        restart(dice)

    def pause(dice: random.Random) -> None:
        with _stopped([dice.choice(server.workers)]):
            time.sleep(_a_while(dice))

    def kill_worker(dice: random.Random) -> None:
        there = server.workers
        victim = dice.choice(there)
        os.kill(victim, signal.SIGKILL)
        until(lambda: len(set(server.workers) - {victim}) == len(there))

    yield Harm("kill -9", server.name, kill, 1, alone)
    yield Harm("restart", server.name, restart, 1, alone)
    yield Harm("pause", f"{server.name}, a worker", pause, 6, alone)
    if clocks.library() is not None:
        yield Harm(CLOCK, server.name, skew, 1, alone)
    if server.installation.settings["ROADLENS_WORKERS"] != "1":
        yield Harm("kill -9", f"{server.name}, a worker", kill_worker, 2, alone)


def to_ways(place: Place) -> Iterator[Harm]:
    name = place.server.name
    for link, way in (
        (place.to_database, f"{name}, its way to the database"),
        (place.to_redis, f"{name}, its way to Redis"),
        (place.to_clients, f"{name}, the clients' way to it"),
    ):
        if link is not None:
            yield from _to_way(link, way)


def _to_way(link: Link, target: str) -> Iterator[Harm]:
    alone = threading.Lock()

    def delay(dice: random.Random) -> None:
        link.delay(dice.choice((0.005, 0.02, 0.1, 0.3)))
        time.sleep(dice.uniform(0.5, 3))
        link.delay(0)

    def cut(dice: random.Random) -> None:  # noqa: ARG001 - every harm takes the dice
        link.cut()

    def refuse(dice: random.Random) -> None:
        link.refuse()
        time.sleep(dice.uniform(0.1, 3))
        link.accept()

    yield Harm("delay", target, delay, 2, alone)
    yield Harm("cut", target, cut, 2, alone)
    yield Harm("refuse", target, refuse, 1, alone)
    for way in _WAYS:
        yield Harm(f"hold, {_NAMES[way]}", target, _holding(link, way), 1, alone)
        yield Harm(f"lose, {_NAMES[way]}", target, _losing(link, way), 1, alone)


def _holding(link: Link, way: Way) -> Callable[[random.Random], None]:
    def hold(dice: random.Random) -> None:
        link.hold(way)
        time.sleep(_a_while(dice))
        link.let_go()

    return hold


def _losing(link: Link, way: Way) -> Callable[[random.Random], None]:
    def lose(dice: random.Random) -> None:
        link.swallow(way)
        time.sleep(_a_while(dice))
        link.restore()

    return lose


def to_redis(site: Site) -> Iterator[Harm]:
    redis, alone = site.redis, threading.Lock()

    def kill(dice: random.Random) -> None:
        redis.stop()
        time.sleep(dice.uniform(0, 2))
        redis.start()

    def pause(dice: random.Random) -> None:
        redis.pause()
        time.sleep(_a_while(dice, _VERY_LONG))
        redis.resume()

    def flush(dice: random.Random) -> None:  # noqa: ARG001 - every harm takes the dice
        redis.command("FLUSHALL")

    def fill(dice: random.Random) -> None:
        with redis.client() as client:
            for number in range(300):
                client.set(f"another program's {dice.random()} {number}", b"x" * 100_000)

    def go_back(dice: random.Random) -> None:
        """It has again what it had a while ago."""
        redis.command("SAVE")
        time.sleep(_a_while(dice))
        redis.stop()
        redis.start()
        (redis.directory / "dump.rdb").unlink()

    yield Harm("kill -9", "Redis", kill, 2, alone)
    yield Harm("restart from a snapshot", "Redis", go_back, 1, alone)
    yield Harm("pause", "Redis", pause, 2, alone)
    yield Harm("flush", "Redis", flush, 2, alone)
    yield Harm("fill", "Redis", fill, 1, alone)


def to_database(site: Site) -> Iterator[Harm]:
    alone = threading.Lock()

    def pause(dice: random.Random) -> None:
        with _stopped(_postgres(site)):
            time.sleep(_a_while(dice))

    def crash(dice: random.Random) -> None:
        """PostgreSQL ends all others when one of its processes is killed, and recovers from its log.

        It answers for a moment longer, so that one of the others is a witness that it has begun.
        """
        with suppress(ProcessLookupError, psycopg.OperationalError), site.connected() as witness:
            others = [pid for pid in _postgres(site)[1:] if pid != witness.info.backend_pid]
            os.kill(dice.choice(others), signal.SIGKILL)
            _wait_for_the_end(witness)
        until(site.database_answers)

    def ended(how: signal.Signals) -> Callable[[random.Random], None]:
        """Who watches over it starts it again."""

        def end(dice: random.Random) -> None:  # noqa: ARG001 - every harm takes the dice
            before = site.postgres.pid
            assert before is not None
            os.kill(before, how)
            until(lambda: site.postgres.pid not in (before, None) and site.database_answers())

        return end

    yield Harm("pause", "database", pause, 2, alone)
    yield Harm("restart", "database", ended(signal.SIGINT), 1, alone)
    yield Harm("kill -9", "database", ended(signal.SIGKILL), 1, alone)
    yield Harm("kill -9 of a process", "database", crash, 1, alone)


def _wait_for_the_end(connection: psycopg.Connection[Any]) -> None:
    """Until it is ended, or has outlived this: the process that was killed had ended by itself.

    Raises:
        psycopg.OperationalError: it has been ended.
    """
    over = time.monotonic() + _NOTICED_WITHIN_S
    while time.monotonic() < over:
        connection.execute(b"SELECT")
        time.sleep(0.01)


def _postgres(site: Site) -> list[int]:
    """Its own process first."""
    postmaster = site.postgres.pid
    assert postmaster is not None
    return [postmaster, *children(postmaster)]


@contextmanager
def _stopped(pids: Iterable[int]) -> Iterator[None]:
    pids = list(pids)
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
