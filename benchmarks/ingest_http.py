"""How many positions a second does a server take over HTTP, one by one and in batches, and does its memory stay flat?

The load comes from a process beside it, over connections that stay open; what is counted is acknowledged, so committed.
Run by `make bench`.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.drives import write_drives
from benchmarks.processes import ROADLENS, environment, memory_bytes, server

RESULT = Path(__file__).parent / "results" / "ingest_http.json"
MB = 1_000_000
# Devices, connections, forwards: a fleet, of which each vehicle is heard a few times; few vehicles, heard very often.
SINGLES = ((1000, 128, 30_000), (50, 128, 30_000))
BATCHES = (20, 2, 1_000_000)
BATCH = 2_000
MEMORY_AFTER = 100_000


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="roadlens-bench-") as directory:
        file = Path(directory) / "forwards.jsonl"
        singles = [_singles(Path(directory), file, *row) for row in SINGLES]
        batches = _batches(Path(directory), file, *BATCHES)
    machine = {"python": platform.python_version(), "machine": platform.machine()}
    result = {"command": "python -m benchmarks.ingest_http", **machine, "singles": singles, "batches": batches}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")


def _singles(directory: Path, file: Path, devices: int, connections: int, forwards: int) -> dict[str, Any]:
    write_drives(file, forwards, devices)
    with server(directory / f"singles-{devices}", ROADLENS_AUTO_REGISTER="1") as (_, url):
        measured = _post(f"{url}/api/v1/ingest/traccar", _token(directory / f"singles-{devices}"), connections, file)
    rate = round(forwards / measured["seconds"])
    print(
        f"{forwards:,} forwards one by one, {devices} devices, {connections} connections: {rate:,}/s, "
        f"p50 {measured['p50_ms']} ms, p99 {measured['p99_ms']} ms, statuses {measured['statuses']}"
    )
    return {"devices": devices, "connections": connections, "forwards_per_second": rate, **measured}


def _batches(directory: Path, file: Path, devices: int, connections: int, positions: int) -> dict[str, Any]:
    """The first batches warm the server up; its memory is compared from then on."""
    data_dir = directory / "batches"
    write_drives(file, positions, devices)
    with server(data_dir, ROADLENS_AUTO_REGISTER="1") as (pid, address), file.open() as lines:
        token, url = _token(data_dir), f"{address}/api/v1/ingest/positions"
        bodies = _bodies(lines)
        rows, memory = [], [memory_bytes(pid)]
        for share in (MEMORY_AFTER, positions - MEMORY_AFTER):
            part = directory / "part.jsonl"
            with part.open("w") as out:
                out.writelines(islice(bodies, share // BATCH))
            rows.append(_post(url, token, connections, part))
            memory.append(memory_bytes(pid))
    rate = round(positions / sum(row["seconds"] for row in rows))
    print(
        f"{positions:,} positions in batches of {BATCH:,}, {devices} devices, {connections} connections: {rate:,}/s; "
        "server "
        + ", ".join(f"{size / MB:.0f} MB" for size in memory)
        + f" (Pss) at the beginning, after {MEMORY_AFTER:,} and after {positions:,}"
    )
    return {
        "positions": positions,
        "positions_per_second": rate,
        "batch": BATCH,
        "server_mb": {"0": memory[0] // MB, str(MEMORY_AFTER): memory[1] // MB, str(positions): memory[2] // MB},
        "statuses": [row["statuses"] for row in rows],
    }


def _bodies(lines: Iterator[str]) -> Iterator[str]:
    while batch := list(islice(lines, BATCH)):
        yield f"[{','.join(line.rstrip() for line in batch)}]\n"


def _token(data_dir: Path) -> str:
    command = [ROADLENS, "tokens", "create", "bench"]
    return subprocess.run(command, env=environment(data_dir), check=True, capture_output=True, text=True).stdout.strip()


def _post(url: str, token: str, connections: int, file: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.load", url, token, str(connections), str(file)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


if __name__ == "__main__":
    main()
