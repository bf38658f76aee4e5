"""One chunk's way: out of the database into files, through the rules, and back into it beside what is live."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq

from roadlens.rescoring.duck import Duck
from roadlens.rescoring.export import export, exported, exported_trips
from roadlens.rescoring.files import RESULTS, Files, said
from roadlens.rescoring.finish import Finished, finish, spans
from roadlens.rescoring.rules import read_version
from roadlens.rescoring.tasks import Counts, Done
from roadlens.storage.database import Database, WriteSession
from roadlens.storage.reads import rebuilds as read
from roadlens.storage.reads import reviews
from roadlens.storage.writes import rebuilds as write
from roadlens.telemetry.work import Rules


@dataclass
class Chunks:
    """What a process of a rebuild does with chunks of its version."""

    database: Database
    version: int
    files: Files
    keep_files: bool = False
    _rules: Rules | None = field(default=None, init=False)
    _duck: Duck | None = field(default=None, init=False)

    async def export(self, chunk: int) -> Done:
        """Write a chunk's files, unless they are there, and whole.

        Raises:
            DatabaseUnavailable: the database is away.
            SetupError: the disk is full, or cannot be written.
        """
        clock = _Clock()
        positions = 0
        if not exported(self.files, chunk):
            rules = await self._read_rules()
            async with self.database.read() as session:
                stored = await read.chunk_of_trips(session, self.version, chunk)
            clock.lap("read")
            positions = export(rules, chunk, stored, self.files)
            clock.lap("export")
            await self.database.retrying(lambda session: write.note_exported(session, self.version, chunk))
        return Done(Counts(positions=positions), clock.seconds)

    async def score(self, chunk: int) -> Done:
        """Score a chunk on DuckDB and store it.

        Raises:
            DatabaseUnavailable: the database is away.
            SetupError: the disk is full, or cannot be written.
        """
        before = await self.export(chunk)
        clock = _Clock()
        path = self.files.fixes(chunk)
        if self._duck is None:
            self._duck = Duck(await self._read_rules(), self.files.directory)
        with said(path):
            results = self._duck.results(path)
        clock.lap("score")
        stored = await self._store(chunk, results, clock)
        return Done(stored.counts, {**before.seconds, **clock.seconds})

    async def finish(self, chunk: int) -> Done:
        """Store what a cluster has made of a chunk.

        Raises:
            DatabaseUnavailable: the database is away.
        """
        results = {name: pq.read_table(self.files.result(chunk, name)) for name in RESULTS}
        return await self._store(chunk, results, _Clock())

    async def _store(self, chunk: int, results: Mapping[str, pa.Table], clock: _Clock) -> Done:
        """In one transaction; who comes second with the same chunk changes nothing."""
        rules = await self._read_rules()
        trips = list(exported_trips(self.files, chunk))

        async def run(session: WriteSession) -> Finished:
            kept = [trip.trip.trip_id for trip in trips if trip.kept]
            events = await read.events_of(session, kept) if kept else []
            decided = await reviews.near(session, spans(rules, trips))
            finished = finish(rules, trips, results, events, decided)
            await write.put_chunk(session, self.version, chunk, *finished)
            return finished

        finished = await self.database.retrying(run)
        if not self.keep_files:
            self.files.forget(chunk)
        clock.lap("store")
        positions = sum(trip.trip.position_count for trip in trips)
        counts = Counts(positions, len(finished.trips), len(finished.events), finished.kept)
        return Done(counts, clock.seconds)

    async def _read_rules(self) -> Rules:
        if self._rules is None:
            async with self.database.read() as session:
                self._rules = await read_version(session, self.version)
        return self._rules


class _Clock:
    """How long each phase took, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._began = time.perf_counter()

    def lap(self, phase: str) -> None:
        now = time.perf_counter()
        self.seconds[phase], self._began = now - self._began, now
