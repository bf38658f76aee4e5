"""The process of the clients: `python -m lab.clients ORDERS`. It ends when its time is over, or when it is told to.

It is one process beside the one that does harm, so that times are taken by who has nothing else to do.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import uvloop

from lab.editors import Announcer, Desk, Editor, Hirer
from lab.fleet import COMMUTER
from lab.history import Recorder
from lab.notes import Notes
from lab.orders import Address, Orders
from lab.pace import Pace
from lab.questions import Questions
from lab.readers import Reader, relieve
from lab.rivals import Rivals
from lab.trackers import Tracker
from lab.watchers import Promoted, Renewed, Watcher

_CONTESTS: Final = 2


async def work(orders: Orders) -> None:
    recorder = Recorder(Path(orders.directory))
    notes = Notes(recorder)
    loop = asyncio.get_running_loop()
    tasks = [asyncio.ensure_future(each) for each in _clients(orders, notes)]
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: [task.cancel() for task in tasks])
    try:
        done, _ = await asyncio.wait(tasks, timeout=orders.seconds, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        for task in done:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error
    finally:
        notes.close()


def _clients(orders: Orders, notes: Notes) -> Iterator[Any]:
    """Each with dice of its own, so that a seed gives each the same throws whatever the others do."""
    fleet, questions = orders.fleet, Questions(orders.fleet, orders.kept)
    token, pace = fleet.admin_token, Pace(orders.rest_s, orders.quiet_s)

    def dice(whose: str) -> random.Random:
        return random.Random(f"{orders.seed} {whose}")

    for server in orders.servers:
        whose = f"reader of {server.name}"
        readers = [
            Reader(server, notes, questions, token, dice(f"{whose} {number}")) for number in range(orders.readers)
        ]
        yield from (reader.work(pace) for reader in readers)
        yield relieve(server, readers, dice(f"relief of {whose}"))

    def editor(whose: str, home: Address | None = None) -> Editor:
        desk = Desk(orders.servers, notes, token, dice(f"desk of {whose}"), home)
        return Editor(desk, notes, questions, fleet, dice(whose))

    # Two for each server, who ask others only when that one leaves them in doubt: while one is ill, the others edit.
    homes = [*orders.servers, *orders.servers]
    for number, home in enumerate(homes):
        yield editor(f"editor {number}", home).work(fleet.drivers[number :: len(homes)], orders.edit_every_s)
    # Two and two, so that one that is not answered keeps only one other.
    for number in range(_CONTESTS):
        desks = [
            Desk(orders.servers, notes, token, dice(f"desk of rivals {number} at {home.name}"), home)
            for home in (orders.servers[0], orders.servers[-1])
        ]
        rivals = Rivals(desks, notes, questions, dice(f"rivals {number}"))
        yield rivals.work(fleet.contested[number::_CONTESTS], orders.contest_every_s)
    yield editor("workshop").work(fleet.vehicles, orders.repair_every_s)
    yield editor("dispatcher").work([fleet.assignment], orders.assign_every_s)
    yield editor("reviewer").work([fleet.event], orders.assign_every_s)
    yield editor("superior").work([fleet.promoted], orders.promote_every_s)
    desk = Desk(orders.servers, notes, token, dice("desk of hirer"))
    yield Hirer(desk, notes, questions, dice("hirer")).work(orders.hire_every_s)
    desk = Desk(orders.servers, notes, token, dice("desk of announcer"))
    yield Announcer(desk, notes, questions, dice("announcer")).work(fleet.devices, orders.announce_every_s)
    for number, user in enumerate(fleet.users):
        watcher = Watcher(f"lab{number}", user, editor(f"porter {number}"), notes, dice(f"watcher {number}"))
        yield watcher.work(orders.servers, orders.lock_out_every_s, pace)
    promoted = Promoted(fleet.promoted_name, fleet.promoted, notes, dice("promoted"))
    yield promoted.work(orders.servers, pace)
    renewed = Renewed(fleet.reset_name, fleet.reset, token, notes, dice("renewed"))
    yield renewed.work(orders.servers, pace)
    for device in fleet.live:
        every_s = fleet.seldom_enough(orders.positions_every_s, device, orders.seconds)
        yield Tracker(device, orders.servers, notes, fleet, dice(device)).report(every_s)
    every_s = fleet.seldom_enough(orders.commute_every_s, COMMUTER, orders.seconds)
    yield Tracker(COMMUTER, orders.servers, notes, fleet, dice(COMMUTER)).commute(every_s)


def main() -> None:
    orders = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Orders)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work(orders))


if __name__ == "__main__":
    main()
