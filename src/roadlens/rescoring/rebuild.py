"""Scores history by a version that is not live, from beginning to end, and goes on where an earlier attempt has ended.

What is done stands in the database alone: which chunks are scored, and which drivers have a history. Files can be lost
at any moment; they are made anew.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from roadlens.errors import Conflict
from roadlens.rescoring import cluster, pool
from roadlens.rescoring.files import Files
from roadlens.rescoring.rules import read_version
from roadlens.rescoring.tasks import Counts, Done, Drivers, Export, Finish, Greeting, Made, Score, Task
from roadlens.storage.database import Database, WriteSession
from roadlens.storage.one_rebuild import Alone, alone
from roadlens.storage.reads import rebuilds as read
from roadlens.storage.writes import barrier
from roadlens.storage.writes import rebuilds as write
from roadlens.storage.writes.barrier import InTheWay
from roadlens.telemetry.switching import PATIENCE_S, PAUSE_S

_DRIVERS_AT_ONCE = 200


class Progress(NamedTuple):
    """How far a phase is, in positions or drivers, and how much of it was done when this attempt began."""

    phase: str
    done: int
    total: int
    before: int


OnProgress = Callable[[Progress], None]


class Rebuilt(NamedTuple):
    """What there is of a version now. `counts` and `seconds` are of this attempt alone; `kept` of all of them."""

    trips: int
    positions: int
    kept: int
    counts: Counts
    seconds: dict[str, float]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done, and with what.

    Attributes:
        version: the score version.
        processes: how many work at the same time.
        keep_files: leave the exported files where they are.
        data_dir: files go below it.
        database_url: the processes connect to it.
        positions_a_chunk: about so many are scored together.
        master: of a cluster of Spark that has the rules run; without one, DuckDB runs them in the processes.
    """

    version: int
    processes: int
    keep_files: bool
    data_dir: Path
    database_url: str
    positions_a_chunk: int = write.POSITIONS_A_CHUNK
    master: str = ""

    @property
    def files(self) -> Files:
        return Files.of(self.data_dir, self.version)

    @property
    def greeting(self) -> Greeting:
        return Greeting(self.database_url, str(self.files.directory), self.version, self.keep_files, self.master)


async def rebuild(database: Database, order: Order, on_progress: OnProgress) -> Rebuilt:
    """Score all trips and the histories of all drivers by a version.

    Raises:
        SetupError: there is no such version, it is of another formula, or the disk is full.
        Conflict: the version is the active one, or another command is rebuilding it.
        Overloaded: somebody was writing trips all the time, and it could not begin.
        DatabaseUnavailable: the database is away. In all cases, what was finished stays.
    """
    async with alone(order.database_url, order.version) as held:
        return await _rebuild(database, order, held, on_progress)


async def _rebuild(database: Database, order: Order, held: Alone, on_progress: OnProgress) -> Rebuilt:
    await _begin(database, order)
    order.files.prepare()
    tally = _Tally(on_progress)
    async with database.read() as session:
        left = await read.chunks_left(session, order.version)
        done = await read.positions_scored(session, order.version)
    if order.master:
        await _on_cluster(order, done, {chunk.chunk: chunk.positions for chunk in left}, tally)
    else:
        positions: dict[Task, int] = {Score(chunk.chunk): chunk.positions for chunk in left}
        tally.begin("positions", done, positions)
        await _work(order, positions, tally)
    await held.check()
    await _reach(database, order.version, "rating")
    async with database.read() as session:
        drivers = await read.drivers_unrated(session, order.version)
    portions = _portions(drivers)
    tally.begin("drivers", 0, portions)
    await _work(order, portions, tally)
    await held.check()
    await _reach(database, order.version, "ready")
    if not order.keep_files:
        order.files.remove()
    async with database.read() as session:
        found = await read.version(session, order.version)
    assert found is not None
    assert found.trips is not None
    return Rebuilt(found.trips, found.positions or 0, found.kept_trips or 0, tally.counts, tally.seconds)


async def _begin(database: Database, order: Order) -> None:
    """Plan, unless an earlier attempt has: then this one goes on."""
    async with database.read() as session:
        found = await read.version(session, order.version)
        await read_version(session, order.version)
    if found is not None and found.active:
        raise Conflict(
            f"Score version {order.version} is the active one: all history is scored by it. Draft another version with "
            "`roadlens score draft`, and rebuild that."
        )
    state = None if found is None else found.state
    if state in (None, "planning", "switched"):

        async def plan(session: WriteSession) -> None:
            await write.plan(session, order.version, order.positions_a_chunk)

        order.files.remove()
        await _announce(database, order.version)
        await database.retrying(plan)
    elif state != "ready":
        await _reach(database, order.version, "scoring")


async def _announce(database: Database, version: int) -> None:
    """Let whoever writes trips from now on note which they have touched; nobody is under way who does not.

    Raises:
        Overloaded: somebody was writing trips all the time. Nothing was begun.
    """
    for patience in PATIENCE_S:

        async def run(session: WriteSession, patience: float = patience) -> None:
            await barrier.close(session, patience)
            await write.begin(session, version)

        try:
            return await database.retrying(run)
        except InTheWay:
            await asyncio.sleep(PAUSE_S)
    async with database.read() as session:
        raise await barrier.in_the_way(session)


async def _reach(database: Database, version: int, state: str) -> None:
    async def run(session: WriteSession) -> None:
        await write.reach(session, version, state)

    await database.retrying(run)


async def _work(order: Order, todo: Collection[Task], tally: _Tally) -> None:
    if todo:
        await pool.work(order.greeting, todo, min(order.processes, len(todo)), tally.add)


async def _on_cluster(order: Order, scored: int, left: Mapping[int, int], tally: _Tally) -> None:
    """Files first, then the cluster, then rows. Whatever is there of an earlier attempt is not made again.

    Args:
        order: what is to be done.
        scored: positions that are done.
        left: chunks with their positions.
        tally: is told.
    """
    exports: dict[Task, int] = {Export(chunk): positions for chunk, positions in left.items()}
    tally.begin("positions exported", scored, exports)
    await _work(order, exports, tally)
    finishes: dict[Task, int] = {Finish(chunk): positions for chunk, positions in left.items()}
    tally.begin("positions scored by the cluster", scored, finishes)
    await cluster.spread(order.greeting, list(left), tally.add_made)
    tally.begin("positions stored", scored, finishes)
    await _work(order, finishes, tally)


def _portions(drivers: Sequence[str]) -> dict[Task, int]:
    """Tasks with the number of drivers in each."""
    starts = range(0, len(drivers), _DRIVERS_AT_ONCE)
    return {Drivers(part): len(part) for at in starts for part in (tuple(drivers[at : at + _DRIVERS_AT_ONCE]),)}


class _Tally:
    """Adds up what processes have done, and tells of it."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._on_progress = on_progress
        self._progress = Progress("", 0, 0, 0)
        self._weights: Mapping[Task, int] = {}
        self.counts = Counts()
        self.seconds: dict[str, float] = {}

    def begin(self, phase: str, done: int, weights: Mapping[Task, int]) -> None:
        """What is done already, and how much each task will add."""
        self._weights = weights
        self._progress = Progress(phase, done, done + sum(weights.values()), done)
        self._on_progress(self._progress)

    def add(self, task: Task, done: Done) -> None:
        if not isinstance(task, Export):  # what is exported is counted when it is stored
            self.counts = self.counts.plus(done.counts)
        for phase, seconds in done.seconds.items():
            self.seconds[phase] = self.seconds.get(phase, 0.0) + seconds
        self._progress = self._progress._replace(done=self._progress.done + self._weights[task])
        self._on_progress(self._progress)

    def add_made(self, made: Made) -> None:
        """What a cluster has made of a chunk, which is still to be stored."""
        self.add(Finish(made.chunk), Done(Counts(), {"cluster": made.seconds}))


def default_processes() -> int:
    """One for each processor that this process may use."""
    return len(os.sched_getaffinity(0))
