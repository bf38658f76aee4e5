"""Those who write at once in a journey: forwards one by one, batches, imports, and an office that edits meanwhile.

All of them come back when they are told to, as trackers do; any other refusal ends the journey.
"""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import httpx

from tests.support.installation import ROADLENS, Api, Installation
from tests.support.traffic import FIRST_DAY, Sent

PAUSE_S = 0.05
BATCH = 40
Acknowledged = set[tuple[str, datetime]]

# What an edit may be told: it is not there, in the way of another, or cannot be done.
_TOLD = frozenset({404, 409, 412, 422})


@dataclass
class Sender:
    """Posts its share in order, one by one or in batches, each until it is acknowledged."""

    server: Api
    token: str
    share: Sequence[Sent]
    batches: bool = False
    acknowledged: Acknowledged = field(default_factory=set)

    def send(self) -> None:
        path, size = ("/ingest/positions", BATCH) if self.batches else ("/ingest/traccar", 1)
        kind = "application/x-ndjson" if self.batches else "application/json"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        with httpx.Client(base_url=self.server.client.base_url, headers=headers, timeout=120) as client:
            for start in range(0, len(self.share), size):
                part = self.share[start : start + size]
                body = b"\n".join(each.body for each in part)
                while not _accepted(client, path, body):
                    time.sleep(PAUSE_S)
                self.acknowledged |= {(each.device, each.fix_time) for each in part}


def _accepted(client: httpx.Client, path: str, body: bytes) -> bool:
    try:
        answer = client.post(path, content=body)
    except httpx.TransportError:
        return False
    assert answer.status_code in (200, 503), f"{answer.status_code}: {answer.text}"
    if answer.status_code == 200:
        assert not answer.json().get("dropped"), answer.text
    return answer.status_code == 200


@dataclass
class Importer:
    """Imports a file until that succeeds. `process` is the command under way."""

    installation: Installation
    file: Path
    process: subprocess.Popen[str] | None = None
    said: list[str] = field(default_factory=list)

    def run(self) -> None:
        for _ in range(20):
            self.process = subprocess.Popen(
                [ROADLENS, "import", "--register", str(self.file)],
                env=self.installation.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            self.said.append(self.process.communicate(timeout=120)[0])
            if self.process.returncode == 0:
                return
            time.sleep(PAUSE_S)
        raise AssertionError("no import succeeded:\n" + "\n".join(self.said))


@dataclass
class Office:
    """Hands devices over, ends and deletes assignments, removes and makes drivers, at random, until it closes."""

    server: Api
    devices: Sequence[str]
    days: int
    dice: random.Random
    done: int = 0

    def work(self, closes: Event) -> None:
        # Some more devices are given away than are taken.
        edits = [self.assign] * 6 + [self.hand_over] * 3 + [self.hire] * 2 + [self.end, self.take_away, self.dismiss]
        with httpx.Client(
            base_url=self.server.client.base_url, headers=self.server.client.headers, timeout=120
        ) as client:
            while not closes.wait(self.dice.uniform(0, 0.2)):
                try:
                    answer = self.dice.choice(edits)(client)
                except httpx.TransportError:
                    continue
                if answer is not None and answer.status_code != 503:
                    assert answer.is_success or answer.status_code in _TOLD, f"{answer.status_code}: {answer.text}"
                    self.done += answer.is_success

    def assign(self, client: httpx.Client) -> httpx.Response | None:
        driver, vehicle = self._one(client, "drivers", "driver_id"), self._one(client, "vehicles", "vehicle_id")
        if driver is None or vehicle is None:
            return None
        span = {"valid_from": self._some_day()} if self.dice.random() < 0.7 else {}
        whom = {"driver_id": driver, "vehicle_id": vehicle}
        return client.post(f"/admin/devices/{self.dice.choice(self.devices)}/assignments", json=whom | span)

    def end(self, client: httpx.Client) -> httpx.Response | None:
        return self._assignment(client, "PATCH", {"valid_to": self._some_day()})

    def hand_over(self, client: httpx.Client) -> httpx.Response | None:
        driver = self._one(client, "drivers", "driver_id")
        return None if driver is None else self._assignment(client, "PATCH", {"driver_id": driver})

    def take_away(self, client: httpx.Client) -> httpx.Response | None:
        return self._assignment(client, "DELETE", None)

    def dismiss(self, client: httpx.Client) -> httpx.Response | None:
        """Remove a driver, whose devices go on reporting."""
        driver = self._one(client, "drivers", "driver_id")
        return None if driver is None else client.delete(f"/admin/drivers/{driver}")

    def hire(self, client: httpx.Client) -> httpx.Response | None:
        return client.post("/admin/drivers", json={"first_name": "New", "last_name": str(self.dice.random())})

    def _assignment(self, client: httpx.Client, method: str, body: Any) -> httpx.Response | None:
        assignment = self._one(client, "assignments", "assignment_id")
        return None if assignment is None else client.request(method, f"/admin/assignments/{assignment}", json=body)

    def _one(self, client: httpx.Client, kind: str, key: str) -> Any:
        """The key of one of them; None if there are none, or nobody can tell."""
        answer = client.get(f"/admin/{kind}", params={"limit": 50})
        if answer.status_code != 200:
            return None
        listed = answer.json()
        found = [each[key] for each in listed["drivers" if kind == "drivers" else "items"]]
        return self.dice.choice(found) if found else None

    def _some_day(self) -> str:
        return (FIRST_DAY + timedelta(hours=self.dice.randrange(24 * self.days))).isoformat()
