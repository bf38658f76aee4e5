"""One run of the laboratory: three workers, random harm, a verdict. Knows no command line."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from lab import canary, history, processors
from lab.clocks import MOST_OFF_S
from lab.harms import CLOCK, Harm, all_harms
from lab.nemesis import Nemesis, Weather
from lab.orders import Kept, Orders
from lab.outcome import Outcome, judged
from lab.run import Clients, Log
from lab.shell import Shell
from lab.site import opened
from lab.statements import Statements

# A server with one worker and one with two: what differs between servers, and what between workers of one.
WORKERS: Final = (1, 2)

# How late telemetry may show, where ages are told by clocks that are so far apart (docs/redis.md).
_LATE: Final = Kept(180 + 2 * MOST_OFF_S, 120 + 2 * MOST_OFF_S)

_LOOK_S: Final = 0.05

Choose = Callable[[Sequence[Harm]], Sequence[Harm]]


@dataclass(frozen=True)
class Experiment:
    """What is done in one run.

    Attributes:
        choose: which of all harms are done.
        source: where the servers' code is, if it is not the one that is installed.
        orders: what the clients do otherwise than by default.
    """

    minutes: float
    seed: int
    choose: Choose = lambda harms: harms
    weather: Weather = field(default_factory=Weather)
    workers: Sequence[int] = WORKERS
    source: Path | None = None
    orders: dict[str, Any] = field(default_factory=dict)


@contextmanager
def directory(keep: Path | None) -> Iterator[Path]:
    """Where a run takes place: one that is made and stays, or one that goes with it."""
    if keep is not None:
        keep.mkdir(parents=True)
        yield keep
        return
    with TemporaryDirectory(prefix="roadlens-lab-") as made:
        yield Path(made)


def run(where: Path, experiment: Experiment) -> Outcome:
    """Do it, in this directory."""
    with opened(where, experiment.workers, experiment.source, links=True) as site:
        fleet = site.fleet()
        statements, shell = Statements(site), Shell(site, fleet)
        kept = where / "history"
        kept.mkdir()
        addresses = [place.address for place in site.places]
        harms = experiment.choose([*all_harms(site), *statements.harms(), *shell.harms()])
        late = {"kept": _LATE} if any(harm.kind == CLOCK for harm in harms) else {}
        how = {**late, **experiment.orders}
        orders = Orders(str(kept), addresses, fleet, experiment.seed, experiment.minutes * 60, **how)
        clients = Clients(orders)
        log = Log(kept)
        with canary.watching(site.database_url, log), processors.watched(site.servers) as waits:
            while clients.working and time.monotonic() < clients.began + orders.quiet_s:
                time.sleep(_LOOK_S)
            Nemesis(harms, log, experiment.weather, experiment.seed).work(lambda: clients.working)
        clients.end()
        history.add(kept, [*statements.events, *shell.events, *waits])
        for server in site.servers:
            server.wait()
        return judged(kept, fleet, site, clients.began, quiet_s=orders.quiet_s)
