"""Imports a file: batches of lines go through the steps while the next batch is being read. Memory stays constant."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from roadlens.domain import unix_microseconds
from roadlens.telemetry.batch import Batch, Complaint, Rejected
from roadlens.telemetry.delivery import Ingest, Outcome
from roadlens.telemetry.sources import traccar
from roadlens.telemetry.sources.files import Lines, Unreadable
from roadlens.telemetry.validate import judge

BATCH_SIZE = 20_000

OnProgress = Callable[[int, int], None]
OnComplaints = Callable[[Sequence[Complaint]], None]


async def import_file(
    ingest: Ingest,
    path: Path,
    outcome: Outcome,
    *,
    register: bool = False,
    shift_to: datetime | None = None,
    on_progress: OnProgress = lambda _read, _total: None,
    on_complaints: OnComplaints = lambda _complaints: None,
) -> None:
    """Import one file of Traccar forwards. Each batch is committed by itself: what was read stays when the rest fails.

    Args:
        ingest: where it goes.
        path: a file with one JSON object a line, plain or gzip.
        outcome: counts what each batch became, also when the file turns out to break off.
        register: make a vehicle and a driver for each device that has none.
        shift_to: move all times by one amount, so that the last position falls on this moment.
        on_progress: called with the bytes read and the file's size after each batch.
        on_complaints: called with the records of a batch that were dropped with a word.

    Raises:
        InvalidInput: the file cannot be opened.
        Unreadable: it breaks off; everything before that is stored.
        DatabaseUnavailable: the batch under way is not stored; import the file again.
    """
    shift = 0
    if shift_to is not None:
        last = await asyncio.to_thread(_last_time, path)
        shift = 0 if last is None else unix_microseconds(shift_to) - last
    with Lines(path) as lines:
        batches = _batches(lines, shift)
        batch = await asyncio.to_thread(next, batches, None)
        broken: Unreadable | None = None
        while batch is not None:
            delivery = asyncio.create_task(ingest.deliver(batch, register=register, actor="import"))
            try:
                batch = await asyncio.to_thread(next, batches, None)
            except Unreadable as error:
                batch, broken = None, error
            delivered = await delivery
            outcome.add(delivered)
            on_complaints(delivered.complaints)
            on_progress(lines.read_bytes, lines.total_bytes)
    if broken is not None:
        raise broken


def _batches(lines: Lines, shift: int) -> Iterator[Batch]:
    """Full batches, then the rest. Where the file breaks off, what came before is a batch, and then the error."""
    batch = Batch(shift)
    try:
        for number, line in lines:
            try:
                claim, fix = traccar.read(line)
            except Rejected as error:
                batch.reject(number, error.reason, error.detail)
            else:
                batch.add(claim, fix, number)
            if batch.records >= BATCH_SIZE:
                yield batch
                batch = Batch(shift)
    except Unreadable:
        yield batch
        raise
    if batch.records:
        yield batch


def _last_time(path: Path) -> int | None:
    """Unix microseconds of the file's last good position; None without one."""
    now = datetime.now(UTC)
    last: int | None = None
    with Lines(path) as lines:
        for batch in _batches(lines, 0):
            positions = batch.positions()
            good, _ = judge(positions, batch.lines, now)
            if good.any():
                last = max(int(positions["fix_time"][good].max()), last or 0)
    return last
