"""How long does it take to score history again, and what memory? `python -m benchmarks.rescoring [--long]`.

A fleet is driven and delivered as ever: some with a position a second, more with one every twenty. Then it is copied,
by SQL, until there are enough. History is scored by another version, and by the live rules alone for comparison.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import resource
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.drives import write_drives
from benchmarks.processes import ROADLENS, descendants, environment, memory_bytes, run, server
from roadlens.rescoring.rebuild import Order, rebuild
from roadlens.rescoring.rules import read_version
from roadlens.storage.database import Database
from roadlens.storage.embedded.provider import running_url
from roadlens.storage.reads import rebuilds
from roadlens.telemetry.formulas import find
from roadlens.telemetry.steps import one_a_moment
from roadlens.telemetry.track import Track

SIZES, LONG = (1_000_000, 5_000_000), (20_000_000,)
DENSE = 200_000
DEMO = ("demo", "--drivers", "50", "--days", "20")
RESULT = Path(__file__).parent / "results" / "rescoring.json"
MB = 1_000_000
_SAMPLED_S = 0.25

# Everything again under other names: ids keep their time and get another digest.
_COPY = """
INSERT INTO drivers (driver_id, first_name, last_name)
SELECT driver_id || ' copy {n}', first_name, last_name FROM drivers WHERE driver_id !~ 'copy';
INSERT INTO devices (device_id, unique_id) OVERRIDING SYSTEM VALUE
SELECT device_id + {n} * 100000, unique_id || ' copy {n}' FROM devices WHERE device_id < 100000;
INSERT INTO positions SELECT (device_id + {n} * 100000), fix_time, digest, latitude, longitude, speed_kmh, course, hdop,
    speed_limit_kmh, flags, alarms FROM positions WHERE device_id < 100000;
INSERT INTO trips ({columns}) SELECT (left(trip_id::text, 15) || left(digest, 3) || '-8' || substr(digest, 4, 3) || '-'
    || right(digest, 12))::uuid, device_id + {n} * 100000, driver_id || ' copy {n}', {rest}
FROM trips, md5(trip_id::text || '{n}') AS digest WHERE device_id < 100000
"""
_DRAFT = """
INSERT INTO score_versions (version, parameters, active)
SELECT 2, parameters || '{"gps_braking_swing_ms2": 1.9}', false FROM score_versions WHERE version = 1
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="with 20 million positions too")
    parser.add_argument("--sizes", type=int, nargs="+", help="other numbers of positions")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    chosen = parser.parse_args()
    sizes = chosen.sizes or SIZES + (LONG if chosen.long else ())
    rows = []
    with tempfile.TemporaryDirectory(prefix="roadlens-bench-") as directory:
        data_dir = Path(directory) / "data"
        file = Path(directory) / "drives.jsonl"
        write_drives(file, DENSE)
        with server(data_dir):
            run(data_dir, "import", "--register", str(file))
            run(data_dir, *DEMO)
            url = running_url(data_dir)
            assert url is not None
            copies = 0
            for size in sizes:
                copies = _grow(url, size, copies)
                rows.append(_measure(data_dir, url, chosen.processes))
                _say(rows[-1])
    machine = {"python": platform.python_version(), "machine": platform.machine()}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(
        json.dumps({"command": "python -m benchmarks.rescoring", **machine, "rebuilds": rows}, indent=2) + "\n"
    )


def _grow(url: str, size: int, copies: int) -> int:
    """Copy the fleet until there are at least so many positions; gives how many copies there are."""
    with psycopg.connect(url, autocommit=True) as connection:
        names = [
            row[0]
            for row in connection.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = 'trips'::regclass AND attnum > 0 ORDER BY attnum"
            )
        ]
        there = _number(connection, "SELECT count(*) FROM positions WHERE device_id < 100000")
        while there * (copies + 1) < size:
            copies += 1
            sql = _COPY.format(n=copies, columns=", ".join(names), rest=", ".join(names[3:]))
            for statement in sql.split(";"):
                connection.execute(statement.encode())
        connection.execute("VACUUM ANALYZE positions, trips")
    return copies


def _measure(data_dir: Path, url: str, processes: int) -> dict[str, Any]:
    """Draft a version and score history by it, as a command whose processes are watched; then by the live rules."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DELETE FROM score_rebuilds")
        for table in ("rescored_trips", "rescored_events", "rescored_risk"):
            connection.execute(f"TRUNCATE {table}".encode())
        connection.execute("DELETE FROM score_versions WHERE version = 2")
        connection.execute(_DRAFT.encode())
        positions = _number(connection, "SELECT sum(position_count) FROM trips")
        trips = _number(connection, "SELECT count(*) FROM trips")
    began, used = time.perf_counter(), _children_s()
    command = [ROADLENS, "score", "rebuild", "2", "--processes", str(processes)]
    process = subprocess.Popen(command, env=environment(data_dir), stdout=subprocess.DEVNULL)
    peak_one = peak_all = 0
    while process.poll() is None:
        each = [memory_bytes(pid) for pid in (process.pid, *descendants(process.pid))]
        peak_one, peak_all = max(peak_one, *each), max(peak_all, sum(each))
        time.sleep(_SAMPLED_S)
    if process.returncode:
        raise RuntimeError(f"the rebuild ended with {process.returncode}")
    seconds = time.perf_counter() - began
    return {
        "positions": positions,
        "trips": trips,
        "processes": processes,
        "seconds": round(seconds, 1),
        "positions_per_second": round(positions / seconds),
        "processor_s": round(_children_s() - used, 1),
        "phases_s": asyncio.run(_phases(data_dir, url)),
        "peak_mb_of_one_process": round(peak_one / MB),
        "peak_mb_of_all": round(peak_all / MB),
        "live_rules_in_one_process": asyncio.run(_live(url)),
    }


async def _phases(data_dir: Path, url: str) -> dict[str, float]:
    """Seconds of work by phase, of all processes together: the rebuild once more, in this process's hands."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DELETE FROM score_rebuilds")
        for table in ("rescored_trips", "rescored_events", "rescored_risk"):
            connection.execute(f"TRUNCATE {table}".encode())
    database = Database.open(url, name="roadlens benchmark", durable=True)
    done = await rebuild(database, Order(2, 1, False, data_dir, url), lambda _: None)
    await database.close()
    return {phase: round(seconds, 1) for phase, seconds in done.seconds.items()}


async def _live(url: str) -> dict[str, float]:
    """The live rules over the same trips, one after the other and stored nowhere: seconds to read and to judge."""
    database = Database.open(url, name="roadlens benchmark", durable=True)
    taken = {"read": 0.0, "judge": 0.0}
    async with database.read() as session:
        rules = await read_version(session, 2)
        chunks = _number_of_chunks(
            await session.tuples("SELECT max(chunk) FROM rescored_chunks WHERE score_version = 2")
        )
        for chunk in range(1, chunks + 1):
            began = time.perf_counter()
            stored = list(await rebuilds.chunk_of_trips(session, 2, chunk))
            read = time.perf_counter()
            for trip in stored:
                find(Track(rules.parameters.for_class(trip.category), one_a_moment(trip.fixes)), rules.zone)
            taken["read"] += read - began
            taken["judge"] += time.perf_counter() - read
    await database.close()
    return {name: round(seconds, 1) for name, seconds in taken.items()}


def _children_s() -> float:
    """Processor time of the processes that have ended and were waited for, and of those below them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _number_of_chunks(rows: list[tuple[Any, ...]]) -> int:
    return int(rows[0][0] or 0)


def _number(connection: psycopg.Connection[Any], statement: str) -> int:
    row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])


def _say(row: dict[str, Any]) -> None:
    print(
        f"{row['positions']:>12,} positions in {row['trips']:,} trips: {row['seconds']} s with {row['processes']} "
        f"processes, {row['positions_per_second']:,} a second, {row['processor_s']} s of processor without "
        f"PostgreSQL's; at most {row['peak_mb_of_one_process']} MB in one process, {row['peak_mb_of_all']} MB in all"
    )
    print(
        f"{'':>12} work by phase, s: {row['phases_s']}; live rules in one process: {row['live_rules_in_one_process']}"
    )


if __name__ == "__main__":
    main()
