"""Imports a file: batches of records go through the steps while the next batch is being read. Memory stays constant."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from roadlens.domain import unix_microseconds
from roadlens.storage.writes.audit import Who
from roadlens.telemetry.batch import Batch, Complaint
from roadlens.telemetry.delivery import Ingest, Outcome
from roadlens.telemetry.sources import formats
from roadlens.telemetry.sources.files import InputFile, Unreadable
from roadlens.telemetry.sources.source import Description, Reading, Records
from roadlens.telemetry.validate import judge

BATCH_SIZE = 20_000

OnProgress = Callable[[int, int], None]
NOTHING_SAID = Description()

OnComplaints = Callable[[Sequence[Complaint]], None]


async def import_file(
    ingest: Ingest,
    path: Path,
    outcome: Outcome,
    *,
    description: Description = NOTHING_SAID,
    register: bool = False,
    shift_to: datetime | None = None,
    actor: Who = "import",
    on_progress: OnProgress = lambda _read, _total: None,
    on_complaints: OnComplaints = lambda _complaints: None,
) -> None:
    """Import one file of any known format. Each batch is committed by itself: what was read stays when the rest fails.

    Args:
        ingest: where it goes.
        path: a file of positions, plain or gzip.
        outcome: counts what each batch became, also when the file turns out to break off.
        description: what is known of the file beyond what stands in it.
        register: make a vehicle and a driver for each device that has none.
        shift_to: move all times by one amount, so that the last position falls on this moment.
        actor: who imports, for the log.
        on_progress: called with the bytes read and the file's size after each batch.
        on_complaints: called with the records of a batch that were dropped with a word.

    Raises:
        InvalidInput: the file cannot be opened, or is in no known format.
        Unreadable: it breaks off; everything before that is stored.
        DatabaseUnavailable: the batch under way is not stored; import the file again.
    """
    shift = 0
    if shift_to is not None:
        last = await asyncio.to_thread(_last_time, path, description)
        shift = 0 if last is None else unix_microseconds(shift_to) - last
    with InputFile(path) as file:
        batches = _batches(formats.records(file, description), shift)
        batch = await asyncio.to_thread(next, batches, None)
        broken: Unreadable | None = None
        while batch is not None:
            delivery = asyncio.create_task(ingest.deliver(batch, register=register, actor=actor))
            try:
                batch = await asyncio.to_thread(next, batches, None)
            except Unreadable as error:
                batch, broken = None, error
            except BaseException:  # nobody else would end what is under way, and wait until it has ended
                delivery.cancel()
                await asyncio.gather(delivery, return_exceptions=True)
                raise
            delivered = await delivery
            outcome.add(delivered)
            on_complaints(delivered.complaints)
            on_progress(file.read_bytes, file.total_bytes)
    if broken is not None:
        raise broken


def _batches(records: Records, shift: int) -> Iterator[Batch]:
    """Full batches, then the rest. Where the file breaks off, what came before is a batch, and then the error."""
    batch = Batch(shift)
    try:
        for record in records:
            if isinstance(record, Reading):
                batch.add(record.claim, record.fix, record.line)
            else:
                batch.reject(*record)
            if batch.records >= BATCH_SIZE:
                yield batch
                batch = Batch(shift)
    except Unreadable:
        if batch.records:
            yield batch
        raise
    if batch.records:
        yield batch


def _last_time(path: Path, description: Description) -> int | None:
    """Unix microseconds of the file's last good position; None without one."""
    now = datetime.now(UTC)
    last: int | None = None
    with InputFile(path) as file:
        for batch in _batches(formats.records(file, description), 0):
            positions = batch.positions()
            good, _ = judge(positions, batch.lines, now)
            if good.any():
                last = max(int(positions["fix_time"][good].max()), last or 0)
    return last
