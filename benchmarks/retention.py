"""How long do deliveries wait while months of positions are dropped, alone and with somebody in the way?

A server takes live positions one by one over a few connections. Beside it, `roadlens db retain` drops two old months;
then another one, which a connection has in use for a while. Prints numbers.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from benchmarks.processes import ROADLENS, environment, run, server
from roadlens.storage.embedded.provider import running_url

PER_MONTH = 5_000_000
CONNECTIONS = 4
BASELINE_S = 10.0
IN_THE_WAY_S = 15.0

FILL = """
CREATE TABLE positions_{name} PARTITION OF positions FOR VALUES FROM ('{first}') TO ('{until}');
INSERT INTO positions
SELECT n % 1000, timestamptz '{first}' + n * interval '0.4 seconds', n, 52, 13, 40, 90, 1, 50, 0, 0
FROM generate_series(0, {count} - 1) AS n
"""


@dataclass
class Waits:
    """Seconds from when each delivery was first sent until it was acknowledged, and how often one was put off."""

    seconds: list[float] = field(default_factory=list)
    put_off: int = 0

    def taken(self) -> str:
        """What was collected since the last call, in words."""
        taken, self.seconds = sorted(self.seconds), []
        put_off, self.put_off = self.put_off, 0
        middle, worst = taken[len(taken) // 2], taken[-1]
        said = f"{len(taken):,} deliveries, median {middle * 1000:.1f} ms, longest {worst * 1000:.0f} ms"
        return f"{said}, 503 {put_off:,} times" if put_off else said


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="roadlens-bench-") as directory:
        data_dir = Path(directory)
        with server(data_dir, ROADLENS_AUTO_REGISTER="1") as (_, address):
            database = running_url(data_dir)
            assert database is not None
            _fill(database, ("2024_01", "2024-01-01", "2024-02-01"), ("2024_02", "2024-02-01", "2024-03-01"))
            with delivering(address, data_dir) as waits:
                time.sleep(BASELINE_S)
                print(f"before: {waits.taken()}")
                seconds, _ = run(data_dir, "db", "retain", "--days", "400")
                print(f"{2 * PER_MONTH:,} positions dropped by a command of {seconds:.1f} s: {waits.taken()}")
                _fill(database, (f"{_last_year():%Y_%m}", f"{_last_year()}", f"{_month_after(_last_year())}"))
                waits.taken()
                with psycopg.connect(database) as user:
                    user.execute("LOCK TABLE positions IN ACCESS SHARE MODE")
                    threading.Timer(IN_THE_WAY_S, user.commit).start()
                    seconds, _ = run(data_dir, "db", "retain", "--days", "31")
                print(f"with somebody in the way for {IN_THE_WAY_S:g} s, after {seconds:.1f} s: {waits.taken()}")


def _fill(database: str, *months: tuple[str, str, str]) -> None:
    """Old positions, by SQL: what is dropped is not looked at, and how it came does not matter."""
    with psycopg.connect(database, autocommit=True) as connection:
        for name, first, until in months:
            for statement in FILL.format(name=name, first=first, until=until, count=PER_MONTH).split(";"):
                connection.execute(statement.encode())


@contextmanager
def delivering(address: str, data_dir: Path) -> Iterator[Waits]:
    command = [ROADLENS, "tokens", "create", "bench"]
    done = subprocess.run(command, env=environment(data_dir), check=True, capture_output=True, text=True)
    waits, stopped = Waits(), threading.Event()
    arguments = (urlsplit(address).netloc, done.stdout.strip(), waits, stopped)
    senders = [threading.Thread(target=_send, args=(number, *arguments)) for number in range(CONNECTIONS)]
    for sender in senders:
        sender.start()
    try:
        yield waits
    finally:
        stopped.set()
        for sender in senders:
            sender.join()


def _send(number: int, netloc: str, token: str, waits: Waits, stopped: threading.Event) -> None:
    """A tracker's server: the next position when the last one is acknowledged, ten a second at most.

    One that is put off is sent again when the answer says so.
    """
    connection = http.client.HTTPConnection(netloc, timeout=120)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    while not stopped.wait(0.1):
        moment = datetime.now(UTC).isoformat()
        position = {"fixTime": moment, "valid": True, "latitude": 52.0, "longitude": 13.0, "speed": 20.0}
        began = time.perf_counter()
        body = json.dumps({"position": position, "device": {"uniqueId": f"bench-{number}"}})
        while (again := _delivered(connection, body, headers)) is not None:
            waits.put_off += 1
            time.sleep(again)
        waits.seconds.append(time.perf_counter() - began)


def _delivered(connection: http.client.HTTPConnection, body: str, headers: dict[str, str]) -> float | None:
    """Send a position; None where it is acknowledged, else after how many seconds to send it again."""
    connection.request("POST", "/api/v1/ingest/traccar", body, headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status == http.client.SERVICE_UNAVAILABLE:
        return float(answer.headers["Retry-After"])
    if answer.status != http.client.OK:
        raise RuntimeError(f"a delivery was answered {answer.status}")
    return None


def _last_year() -> datetime:
    """The first day of a month that 400 days keep and 31 do not."""
    now = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (now - timedelta(days=150)).replace(day=1)


def _month_after(first: datetime) -> datetime:
    return (first + timedelta(days=32)).replace(day=1)


if __name__ == "__main__":
    main()
