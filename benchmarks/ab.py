"""Runs ApacheBench, which must be there already, and reads what it measured."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path


def require() -> None:
    """See that ab is there.

    Raises:
        SystemExit: it is not; the message says where it comes from.
    """
    if shutil.which("ab") is None:
        raise SystemExit("This benchmark asks with ab, which is not there: install Debian's package `apache2-utils`.")


def measure(url: str, token: str, requests: int, at_a_time: int) -> dict[str, float]:
    """Ask one address so often, over a new connection each time, as ab does of itself.

    Raises:
        RuntimeError: some answers were no success, or a connection broke.
    """
    with tempfile.TemporaryDirectory(prefix="roadlens-bench-") as directory:
        percentiles = Path(directory) / "percentiles.csv"
        command = ["ab", "-q", "-n", f"{requests}", "-c", f"{at_a_time}", "-e", str(percentiles)]
        command += ["-H", f"Authorization: Bearer {token}", url]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        lines = percentiles.read_text().splitlines()[1:]
    # That an answer is longer than the first one is no failure: trips are counted on.
    broken = re.search(r"Non-2xx|\(Connect: (?!0, Receive: 0, Length: \d+, Exceptions: 0\))", told)
    if broken or not re.search(rf"Complete requests:\s+{requests}\n", told):
        raise RuntimeError(f"{url}: {told}")
    rate = re.search(r"Requests per second:\s+([\d.]+)", told)
    assert rate is not None, told
    taken = {int(percent): float(ms) for percent, ms in (line.split(",") for line in lines)}
    return {
        "requests": requests,
        "per_second": float(rate[1]),
        "p50_ms": round(taken[50], 2),
        "p99_ms": round(taken[99], 2),
    }
