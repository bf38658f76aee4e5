"""Many write at once, badly, and are killed over it: what is left is what one clean delivery leaves.

Real servers over a PostgreSQL of their own. The same drives come late, shuffled, doubled and overlapping, as single
forwards, batches and imports, while an office hands devices over and removes drivers, and processes are killed in the
middle of their transactions: importers, workers, and PostgreSQL's own.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import NamedTuple

import httpx
import psycopg
import pytest

from roadlens.storage.database import Database
from roadlens.storage.reads.read_models import Difference
from roadlens.telemetry.doctor import differences
from tests.support import fleet
from tests.support.installation import Api, Installation
from tests.support.postgres import TEMPLATE, running_server
from tests.support.strikes import Striker
from tests.support.traffic import Sent, drives, late_and_doubled, shares
from tests.support.workers import WITHIN_S, workers_of
from tests.support.writers import Acknowledged, Importer, Office, Sender

MOST_ROUNDS = 100
CLIENTS = ["roadlens worker", "roadlens import"]

_STORED = "SELECT unique_id, fix_time FROM positions JOIN devices USING (device_id)"
_NOBODYS = "SELECT unique_id FROM devices WHERE device_id NOT IN (SELECT device_id FROM device_assignments)"


class Scale(NamedTuple):
    """How many of each; in each round there are drives of `days` more days. `strikes` are done whenever they can be."""

    servers: int
    workers: int
    devices: int
    days: int
    senders: int
    batchers: int
    importers: int
    strikes: Sequence[str]


SHORT = Scale(1, 2, 6, 2, 3, 1, 1, ("importer", "backend", "worker"))
LONG = Scale(2, 2, 14, 4, 6, 3, 2, ("importer", "worker", "backend") * 20)


@dataclass
class Stage:
    """The servers, and all that has been sent to them by now."""

    url: str
    installations: list[Installation]
    servers: list[Api]
    token: str
    directory: Path
    dice: random.Random
    sent: list[Sent] = field(default_factory=list)
    acknowledged: Acknowledged = field(default_factory=set)

    @property
    def one(self) -> Installation:
        return self.installations[0]

    def file(self, name: str, sent: Sequence[Sent]) -> Path:
        path = self.directory / name
        path.write_bytes(b"\n".join(each.body for each in sent))
        return path

    def asked(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement.encode()).fetchall()

    def differences(self) -> list[Difference]:
        async def look() -> list[Difference]:
            database = Database.open(self.url, durable=True)
            found = await differences(database)
            await database.close()
            return found

        return asyncio.run(look())

    def rows(self, *, forget: bool = False) -> fleet.Rows:
        """Every row that telemetry writes; with `forget` they are deleted then."""

        async def read() -> fleet.Rows:
            database = Database.open(self.url, durable=True)
            found = await fleet.rows(database)
            if forget:
                await fleet.forget(database)
            await database.close()
            return found

        return asyncio.run(read())


@contextmanager
def stage(scale: Scale, directory: Path, seed: int) -> Iterator[Stage]:
    with ExitStack() as stack:
        postgres = stack.enter_context(running_server(directory / "postgres"))
        url = stack.enter_context(postgres.copy_of(TEMPLATE))
        settings = {"DATABASE_URL": url, "ROADLENS_WORKERS": str(scale.workers), "ROADLENS_AUTO_REGISTER": "1"}
        installations = [Installation(directory / f"data-{number}", settings) for number in range(scale.servers)]
        servers = [stack.enter_context(installation.server()) for installation in installations]
        token = installations[0].run("tokens", "create", "writers").strip()
        yield Stage(url, installations, servers, token, directory, random.Random(seed))


@pytest.mark.parametrize("scale", [SHORT, pytest.param(LONG, marks=pytest.mark.system)], ids=["short", "long"])
def test_writers_who_are_killed_leave_the_rows_of_a_clean_delivery(scale: Scale, tmp_path: Path) -> None:
    devices = [f"tracker-{number}" for number in range(scale.devices)]
    with stage(scale, tmp_path, seed=7) as on:
        strikes, edits = list(scale.strikes), 0
        announced = devices[2:]  # the others are registered when they report
        for device in announced:
            on.servers[0].client.post("/admin/devices", json={"unique_id": device}).raise_for_status()
        employ(on, announced, drivers=len(announced) // 3)
        for number in range(MOST_ROUNDS):
            edits += play(on, scale, devices, number, strikes)
            if not strikes:
                break
        assert not strikes, "there was not enough to strike at"
        assert edits > number
        assert on.acknowledged <= set(on.asked(_STORED))
        assert on.differences() == []

        employ(on, [str(device) for (device,) in on.asked(_NOBODYS)], drivers=1)
        on.one.run("import", str(on.file("again.jsonl", late_and_doubled(on.sent, on.dice))))
        assert "no differences" in on.one.run("doctor")
        assert set(on.asked(_STORED)) == {(each.device, each.fix_time) for each in on.sent}
        left = on.rows(forget=True)
        on.one.run("import", str(on.file("clean.jsonl", on.sent)))
        clean = on.rows()
        assert len(clean["trips"]) > scale.devices
        for table, rows in clean.items():
            assert left[table] == rows, table


def play(on: Stage, scale: Scale, devices: Sequence[str], number: int, strikes: list[str]) -> int:
    """A round: some days are delivered by all, with strikes until there are none left or all is delivered.

    Returns how many edits were made meanwhile.
    """
    first = number * scale.days
    sent = [each for day in range(first, first + scale.days) for each in drives(devices, day, on.dice)]
    senders = [
        Sender(on.servers[place % len(on.servers)], on.token, share, batches=place < scale.batchers)
        for place, share in enumerate(shares(sent, scale.senders + scale.batchers, on.dice))
    ]
    importers = [
        Importer(on.one, on.file(f"import-{number}-{place}.jsonl", late_and_doubled(sent + on.sent, on.dice)))
        for place in range(scale.importers)
    ]
    office = Office(on.servers[-1], devices, first + scale.days, random.Random(on.dice.random()))
    closes = Event()
    with ThreadPoolExecutor(len(senders) + len(importers) + 2) as pool:
        beside = [pool.submit(office.work, closes), pool.submit(strike, on, importers, strikes, closes)]
        try:
            writing = [pool.submit(sender.send) for sender in senders] + [pool.submit(each.run) for each in importers]
            for done in writing:
                done.result()
        finally:
            closes.set()
        for done in beside:
            done.result()
    on.sent += sent
    on.acknowledged |= {each for sender in senders for each in sender.acknowledged}
    return office.done


def strike(on: Stage, importers: Sequence[Importer], strikes: list[str], closes: Event) -> None:
    """Kill one after the other, each as soon as it can be found in the middle of a transaction."""
    striker, dice = Striker(on.url), random.Random(len(strikes))
    try:
        while strikes and not closes.wait(dice.uniform(0.001, 0.01)):
            kind = dice.choice(strikes)
            if struck(on, kind, importers, striker, dice):
                strikes.remove(kind)
    finally:
        striker.close()


def struck(on: Stage, kind: str, importers: Sequence[Importer], striker: Striker, dice: random.Random) -> bool:
    if kind == "backend":
        return striker.at_backend(CLIENTS)
    if kind == "worker":
        workers = workers_of(dice.choice(on.servers).pid)
        return bool(workers) and striker.at_client(dice.choice(workers), "roadlens worker")
    running = [each.process for each in importers if each.process is not None and each.process.poll() is None]
    return bool(running) and striker.at_client(dice.choice(running).pid, "roadlens import")


def employ(on: Stage, devices: Sequence[str], drivers: int) -> None:
    """Give devices to new drivers, several to each: theirs are the rows at which deliveries meet."""
    client = on.servers[0].client
    wait_until_it_answers(client)
    vehicle = client.post("/admin/vehicles", json={"name": "Van"}).raise_for_status().json()["vehicle_id"]
    hired = [
        client.post("/admin/drivers", json={"first_name": "Driver", "last_name": str(number)}).raise_for_status()
        for number in range(drivers)
    ]
    for number, device in enumerate(devices):
        body = {"driver_id": hired[number % drivers].json()["driver_id"], "vehicle_id": vehicle}
        client.post(f"/admin/devices/{device}/assignments", json=body).raise_for_status()


def wait_until_it_answers(client: httpx.Client) -> None:
    deadline = time.monotonic() + WITHIN_S
    while client.get("/admin/drivers").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
