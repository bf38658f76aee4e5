"""What do read models cost whoever writes trips? Batches of 100 trips with them and without, in turns on one database.

Run as `python -m benchmarks.read_models [portfolio …]`: each is a data directory that `roadlens bench generate` filled.
It is copied, and the copy written to. Without one, a portfolio of 1,000 drivers is made.

`without` is a part of what `with` does, the product's own functions one after the other: trips and events, and the
history of risk scores. `with` also locks drivers and keeps driver_day, driver_summary, risk_histogram, trip_day and
fleet_totals. What telemetry does before (cutting, reading back what is stored, computing scores) is in neither.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import platform
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice, product
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any
from zlib import crc32

import psycopg
import uvloop

from benchmarks.processes import run
from benchmarks.trip_batches import Owned, TripBatch, batches
from roadlens.storage.database import Database, WriteSession
from roadlens.storage.embedded.provider import open_database, running_url
from roadlens.storage.writes import read_models, scores, trips
from roadlens.storage.writes.trips import Changes

RESULT = Path(__file__).parent / "results" / "read_models.json"
WRITERS = (1, 4)
TRIPS_A_BATCH = 100
# Of one device in a batch: as trips end all over a fleet, which leaves nothing to add up, and as a file brings them.
APIECE = (1, 10)
BATCHES_A_ROUND = 25
ROUNDS = 5
OWN_DRIVERS = 1000

_OWNED = "SELECT device_id, driver_id, vehicle_id FROM device_assignments WHERE valid_to IS NULL ORDER BY device_id"
_SIZE = "SELECT (SELECT count(*) FROM drivers), (SELECT count(*) FROM trips), (SELECT max(day) FROM trips)"


async def write(session: WriteSession, batch: TripBatch) -> None:
    """The write itself: trips with their events, and the history of risk scores."""
    await trips.apply(session, Changes([], batch.trips, [], batch.events))
    await scores.put(session, batch.scored, 1)


async def write_and_sum_up(session: WriteSession, batch: TripBatch) -> None:
    """The same with read models, in the order of `telemetry.steps.store`."""
    await read_models.lock_drivers(session, (trip.driver_id for trip in batch.trips))
    await trips.apply(session, Changes([], batch.trips, [], batch.events))
    await read_models.add_driver_days(session, [trip.trip_id for trip in batch.trips])
    await scores.put(session, batch.scored, 1)
    await read_models.sum_up(session, [], batch.trips, batch.scored)


async def write_trips_alone(session: WriteSession, batch: TripBatch) -> None:
    """No scores either, for comparison."""
    await trips.apply(session, Changes([], batch.trips, [], batch.events))


Write = Callable[[WriteSession, TripBatch], Awaitable[None]]
MODES: dict[str, Write] = {"trips_alone": write_trips_alone, "without": write, "with": write_and_sum_up}


def main() -> None:
    measured: list[dict[str, Any]] = []
    # Not in /tmp, which may be memory: a commit waits for the disk.
    with tempfile.TemporaryDirectory(prefix="roadlens-bench-", dir="/var/tmp") as directory:
        for number, portfolio in enumerate(map(Path, sys.argv[1:] or [""])):
            copy = Path(directory) / str(number)
            if portfolio.name:
                if running_url(portfolio):
                    sys.exit(f"The database of {portfolio} runs: what is copied meanwhile is of no moment. Stop it.")
                shutil.copytree(portfolio, copy, symlinks=True)
                run(copy, "db", "upgrade")
            else:
                run(copy, "bench", "generate", "--drivers", str(OWN_DRIVERS), "--trips-per-driver", "100")
            measured += _measure(copy)
            shutil.rmtree(copy)
    result = {
        "command": "python -m benchmarks.read_models",
        "python": platform.python_version(),
        "machine": platform.machine(),
        "trips_a_batch": TRIPS_A_BATCH,
        "batches_a_round": BATCHES_A_ROUND,
        "rounds": ROUNDS,
        "measured": measured,
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")


def _measure(data_dir: Path) -> Iterator[dict[str, Any]]:
    with open_database(data_dir, "bench") as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
            drivers, stored, last_day = connection.execute(_SIZE).fetchone() or (0, 0, None)
            owned = [Owned(*row) for row in connection.execute(_OWNED)]
        begin = datetime.combine(last_day, datetime.min.time(), UTC) + timedelta(days=2)
        for place, (apiece, writers) in enumerate(product(APIECE, WRITERS)):
            rates = _rates(url, owned, begin + place * timedelta(days=1000), apiece, writers)
            run_as = {"trips_of_a_driver": apiece, "writers": writers}
            result = {"drivers": drivers, "trips": stored, **run_as, **_summary(rates)}
            print(result)
            yield result


def _summary(rates: dict[str, list[float]]) -> dict[str, Any]:
    """Medians, and the share that read models take: the median over pairs of rounds that ran one after the other."""
    lost = {
        f"lost_to_{mode}": round(
            median(1 - kept / free for kept, free in zip(rates["with"], rates[mode], strict=True)), 3
        )
        for mode in ("without", "trips_alone")
    }
    return {f"{mode}_trips_per_second": round(median(each)) for mode, each in rates.items()} | lost


def _rates(url: str, owned: Sequence[Owned], begin: datetime, apiece: int, writers: int) -> dict[str, list[float]]:
    """Trips a second of all writers together, round by round."""
    with _started(url, owned, begin, apiece, writers) as barrier:
        rates: dict[str, list[float]] = {mode: [] for mode in MODES}
        for _ in range(ROUNDS + 1):
            for mode in MODES:
                barrier.wait()
                began = monotonic()
                barrier.wait()
                rates[mode].append(writers * BATCHES_A_ROUND * TRIPS_A_BATCH / (monotonic() - began))
    return {mode: each[1:] for mode, each in rates.items()}  # the first round warms up


@contextmanager
def _started(url: str, owned: Sequence[Owned], begin: datetime, apiece: int, writers: int) -> Iterator[Barrier]:
    """Writers in processes of their own, each with drivers of its own: deliveries of one driver wait for each other."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(writers + 1, timeout=300)
    processes = [
        context.Process(
            target=_writer,
            args=(
                url,
                [each for each in owned if crc32(each.driver_id.encode()) % writers == number],
                begin,
                apiece,
                number,
                barrier,
            ),
        )
        for number in range(writers)
    ]
    for process in processes:
        process.start()
    try:
        yield barrier
    finally:
        for process in processes:
            process.join(timeout=60)
            process.kill()


def _writer(url: str, owned: Sequence[Owned], begin: datetime, apiece: int, number: int, barrier: Barrier) -> None:
    uvloop.run(_write_rounds(url, batches(owned, begin, TRIPS_A_BATCH, apiece, number), barrier))


async def _write_rounds(url: str, source: Iterator[TripBatch], barrier: Barrier) -> None:
    database = Database.open(url, pool_size=1, name="roadlens bench", durable=True)
    for _ in range(ROUNDS + 1):
        for each in MODES.values():
            drawn = list(islice(source, BATCHES_A_ROUND))
            await asyncio.to_thread(barrier.wait)
            for batch in drawn:
                async with database.write() as session:
                    await each(session, batch)
            await asyncio.to_thread(barrier.wait)
    await database.close()


if __name__ == "__main__":
    main()
