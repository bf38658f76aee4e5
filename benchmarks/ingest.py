"""How fast do positions from a file become trips, and what memory does that take? Run by `make bench`."""

from __future__ import annotations

import json
import platform
import tempfile
from pathlib import Path

import psycopg

from benchmarks.drives import write_drives
from benchmarks.processes import descendants, memory_bytes, run, server
from roadlens.storage.embedded.provider import running_url

SIZES = (100_000, 200_000, 400_000)
RESULT = Path(__file__).parent / "results" / "ingest.json"
MB = 1_000_000


def main() -> None:
    rows = []
    print(f"{'positions':>10} {'seconds':>8} {'positions/s':>12} {'trips':>6} {'trips/s':>8} {'importer peak MB':>17}")
    with tempfile.TemporaryDirectory(prefix="roadlens-bench-") as directory:
        file = Path(directory) / "drives.jsonl"
        for size in SIZES:
            data_dir = Path(directory) / f"data-{size}"
            write_drives(file, size)
            with server(data_dir) as (pid, _):
                seconds, peak = run(data_dir, "import", "--register", str(file))
                trips = _count_trips(data_dir)
                own, whole = memory_bytes(pid), sum(map(memory_bytes, [pid, *descendants(pid)]))
            row = {
                "positions": size,
                "seconds": round(seconds, 2),
                "positions_per_second": round(size / seconds),
                "trips": trips,
                "trips_per_second": round(trips / seconds, 1),
                "importer_peak_mb": round(peak / MB),
                "server_mb": round(own / MB),
                "server_with_postgresql_mb": round(whole / MB),
            }
            rows.append(row)
            print(
                f"{size:>10,} {seconds:>8.2f} {row['positions_per_second']:>12,} {trips:>6} "
                f"{row['trips_per_second']:>8} {row['importer_peak_mb']:>17}"
            )
    last = rows[-1]
    print(f"server: {last['server_mb']} MB, with its PostgreSQL {last['server_with_postgresql_mb']} MB (Pss)")
    machine = {"python": platform.python_version(), "machine": platform.machine()}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({"command": "make bench", **machine, "imports": rows}, indent=2) + "\n")


def _count_trips(data_dir: Path) -> int:
    url = running_url(data_dir)
    assert url is not None
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM trips").fetchone()
    assert row is not None
    return int(row[0])


if __name__ == "__main__":
    main()
