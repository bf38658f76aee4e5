"""How long does a switch to another version of the scoring take, how long do deliveries wait for it, and a comparison?

A generated portfolio without positions; what a rebuild would leave of it is put beside by SQL, with another score of
every trip. A server takes live positions one by one meanwhile. Prints numbers, and writes them to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from pathlib import Path

import psycopg

from benchmarks.processes import run, server
from benchmarks.retention import delivering
from roadlens.storage.embedded.provider import running_url
from roadlens.storage.tables import rescored_events, rescored_risk, rescored_trips

RESULT = Path(__file__).parent / "results" / "switching.json"
DRIVERS = 10_000
TRIPS_PER_DRIVER = 100
BASELINE_S = 10.0

_REBUILT = {
    rescored_trips: ("trips", {"score_version": "2", "trip_score": "greatest(0, trip_score - 1)"}),
    rescored_events: ("safety_events", {"score_version": "2"}),
    rescored_risk: ("risk_scores", {"score_version": "2"}),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.switching", description=__doc__)
    parser.add_argument("--drivers", type=int, default=DRIVERS, help=f"of {TRIPS_PER_DRIVER} trips each (%(default)s)")
    drivers: int = parser.parse_args().drivers
    with tempfile.TemporaryDirectory(prefix="roadlens-bench-") as directory:
        figures = _measure(Path(directory), drivers)
    print(json.dumps(figures, indent=2))
    if drivers == DRIVERS:
        RESULT.write_text(json.dumps({"machine": platform.machine(), **figures}, indent=2) + "\n")


def _measure(data_dir: Path, drivers: int) -> dict[str, object]:
    with server(data_dir, ROADLENS_AUTO_REGISTER="1") as (_, address):
        run(data_dir, "bench", "generate", "--drivers", f"{drivers}", "--trips-per-driver", f"{TRIPS_PER_DRIVER}")
        run(data_dir, "score", "draft", "gps_confidence=0.5")
        database = running_url(data_dir)
        assert database is not None
        rows = _fill(database)
        with delivering(address, data_dir) as waits:
            time.sleep(BASELINE_S)
            before = waits.taken()
            comparing, _ = run(data_dir, "score", "compare", "1", "2")
            switching, _ = run(data_dir, "score", "switch", "2", "--yes")
            meanwhile = waits.taken()
        run(data_dir, "doctor")  # ends the measurement if it finds a difference
    return {
        "drivers": drivers,
        **rows,
        "compare_s": round(comparing, 1),
        "switch_s": round(switching, 1),
        "deliveries_before": before,
        "deliveries_meanwhile": meanwhile,
    }


def _fill(url: str) -> dict[str, int]:
    """What a rebuild leaves; how it came is not measured here. Says how many rows."""
    rows = {}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO score_rebuilds (score_version, state) VALUES (2, 'ready')")
        for table, (live, made) in _REBUILT.items():
            values = ", ".join(made.get(column.name, column.name) for column in table.columns)
            names = ", ".join(column.name for column in table.columns)
            statement = f"INSERT INTO {table.name} ({names}) SELECT {values} FROM {live}"  # noqa: S608 - names of ours
            rows[live] = connection.execute(statement.encode()).rowcount
        connection.execute("ANALYZE rescored_trips, rescored_events, rescored_risk")
    return rows


if __name__ == "__main__":
    main()
