"""How much disk do positions and trips take, and how long and large are a backup and its restore?

A simulated fleet is delivered like real data, then PostgreSQL is asked, and `pg_dump` and `pg_restore` are run. Prints
numbers.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from benchmarks.processes import run, server
from roadlens.storage.embedded.binaries import find_binaries
from roadlens.storage.embedded.provider import running_url

DRIVERS, DAYS = 300, 60

# Rows and bytes, indexes included, of tables whose name fits; partitions are tables as well.
SIZE = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relname ~ %s"
DERIVED = "^(trips|safety_events|risk_scores|driver_day|driver_summary|trip_day|risk_histogram|fleet_totals)$"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="roadlens-bench-") as directory:
        data_dir = Path(directory)
        with server(data_dir):
            run(data_dir, "demo", "--drivers", str(DRIVERS), "--days", str(DAYS))
            address = running_url(data_dir)
            assert address is not None
            with psycopg.connect(address, autocommit=True) as database:
                database.execute("VACUUM ANALYZE")
                _say(database, "positions", "positions", "^positions_")
                _say(database, "trips", "trips, with events, scores and read models", DERIVED)
            _back_up(address, data_dir / "backup")


def _say(database: psycopg.Connection[tuple[object, ...]], table: str, what: str, names: str) -> None:
    ((rows,), (size,)) = (
        database.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() or (0,),  # noqa: S608 - names written here
        database.execute(SIZE, [names]).fetchone() or (0,),
    )
    assert isinstance(rows, int)
    print(
        f"{rows:,} {what}: {float(str(size)) / rows:.0f} bytes each, {float(str(size)) / rows / 1000:.2f} GB a million"
    )


def _back_up(address: str, file: Path) -> None:
    """Into another database of the same server, so that both are as fast as that is."""
    programs = find_binaries().postgres.parent
    with psycopg.connect(address, autocommit=True) as database:
        size = float(str((database.execute("SELECT pg_database_size(current_database())").fetchone() or (0,))[0]))
        database.execute("CREATE DATABASE restored")
    began = time.perf_counter()
    subprocess.run([programs / "pg_dump", "--format=custom", f"--file={file}", address], check=True)
    dumped = time.perf_counter()
    restored = address.replace("/roadlens?", "/restored?")
    assert restored != address
    subprocess.run([programs / "pg_restore", "--exit-on-error", f"--dbname={restored}", file], check=True)
    ended = time.perf_counter()
    print(
        f"a database of {size / 1e6:.0f} MB: dumped in {dumped - began:.1f} s to {file.stat().st_size / 1e6:.0f} MB, "
        f"restored in {ended - dumped:.1f} s"
    )


if __name__ == "__main__":
    main()
