"""`python -m lab.soak`: ten minutes of mixed work on two workers, with a mild schedule of faults; judged at the end.

Redis is restarted twice and a worker is killed twice. The command fails unless all promises were kept and memory
stayed flat. SOAK_MINUTES makes it longer or shorter.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from lab import canary, history, memory, processors, report
from lab.history import Sizes
from lab.orders import Orders
from lab.outcome import Outcome, judged
from lab.run import Clients, Log
from lab.site import Site, opened
from tests.support.workers import until

MINUTES: Final = 10.0
_SAMPLES: Final = 120
_REDIS_AWAY_S: Final = 5.0
_LOOK_S: Final = 0.2


def soaked(directory: Path, minutes: float, seed: int) -> Outcome:
    """The whole of it, in this directory."""
    with opened(directory, [2]) as site:
        fleet = site.fleet()
        where = directory / "history"
        orders = Orders(
            directory=str(where),
            servers=[place.address for place in site.places],
            fleet=fleet,
            seed=seed,
            seconds=minutes * 60,
            readers=6,
        )
        where.mkdir()
        clients = Clients(orders)
        log = Log(where)
        with canary.watching(site.database_url, log), processors.watched(site.servers) as waits:
            samples = _accompanied(clients, site, log, minutes * 60)
        clients.end()
        history.add(where, [*samples, *waits])
        return judged(where, fleet, site, clients.began, flat=True)


def _accompanied(clients: Clients, site: Site, log: Log, seconds: float) -> list[Sizes]:
    """Do what is to be done at each part of the time, and look at memory in between."""
    plan: list[tuple[float, str, str, Callable[[], None]]] = [
        (0.25, "restart", "Redis", lambda: _restart_redis(site)),
        (0.40, "kill -9", "server 1, a worker", lambda: _kill_worker(site, 0)),
        (0.65, "restart", "Redis", lambda: _restart_redis(site)),
        (0.80, "kill -9", "server 1, a worker", lambda: _kill_worker(site, 1)),
    ]
    samples: list[Sizes] = []
    while clients.working:
        now = time.monotonic()
        if not samples or now - samples[-1].at >= seconds / _SAMPLES:
            samples.append(memory.sizes(site, now))
        if plan and now - clients.began >= plan[0][0] * seconds:
            _, kind, target, harm = plan.pop(0)
            log.during(kind, target, harm)
        time.sleep(_LOOK_S)
    return samples


def _restart_redis(site: Site) -> None:
    site.redis.stop()
    time.sleep(_REDIS_AWAY_S)
    site.redis.start()


def _kill_worker(site: Site, which: int) -> None:
    workers = site.server.workers
    os.kill(workers[which], signal.SIGKILL)
    until(lambda: len(set(site.server.workers) - {workers[which]}) == len(workers))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="lab.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("SOAK_MINUTES") or MINUTES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--page", type=Path, help="file to write the report to")
    chosen = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="roadlens-soak-") as directory:
        outcome = soaked(Path(directory), chosen.minutes, chosen.seed)
    return report.tell(outcome, f"SOAK_MINUTES={chosen.minutes:g} make soak", chosen.page, with_sizes=True)


if __name__ == "__main__":
    sys.exit(main())
