"""Runs wrk, which must be there already, and reads what it measured."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from typing import NamedTuple

# The requests are written beforehand: while wrk measures it only counts through them.
_IN_TURN = """
local paths, requests, asked = { %s }, {}, 0
init = function()
  for number, path in ipairs(paths) do requests[number] = wrk.format("GET", path) end
end
request = function()
  asked = asked %% #requests + 1
  return requests[asked]
end
"""

_IN_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


class Measured(NamedTuple):
    """One run of wrk."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float


def require() -> None:
    """See that wrk is there.

    Raises:
        SystemExit: it is not; the message says where it comes from.
    """
    if shutil.which("wrk") is None:
        raise SystemExit("This benchmark loads servers with wrk, which is not there: install Debian's package `wrk`.")


def measure(url: str, paths: Sequence[str], token: str, seconds: int) -> Measured:
    """Ask for the paths in turn as fast as they are answered, over ten connections from one thread.

    Raises:
        RuntimeError: some answers were no success, or a connection broke.
    """
    command = ["wrk", "-t1", "-c10", f"-d{seconds}s", "--latency", "-H", f"Authorization: Bearer {token}"]
    with tempfile.NamedTemporaryFile("w", prefix="roadlens-bench-", suffix=".lua") as script:
        if len(paths) > 1:
            script.write(_IN_TURN % ", ".join(map(json.dumps, paths)))
            script.flush()
            command += ["-s", script.name]
        told = subprocess.run([*command, url + paths[0]], check=True, capture_output=True, text=True).stdout
    if trouble := re.search(r"Non-2xx.*|Socket errors.*", told):
        raise RuntimeError(f"{url}{paths[0]}: {trouble.group()}")
    (requests,) = _found(r"(\d+) requests in", told)
    (rate,) = _found(r"Requests/sec:\s+([\d.]+)", told)
    return Measured(int(requests), float(rate), _latency(told, 50), _latency(told, 99))


def _latency(told: str, percentile: int) -> float:
    number, unit = _found(rf"{percentile}%\s+([\d.]+)(us|ms|s)\b", told)
    return float(number) * _IN_MS[unit]


def _found(pattern: str, told: str) -> tuple[str, ...]:
    found = re.search(pattern, told)
    if found is None:
        raise RuntimeError(f"wrk did not say {pattern!r}:\n{told}")
    return found.groups()
