"""The installation of Roadlens that is compared over HTTP: its demonstration fleet, its token, and what it answers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contestants import ask
from benchmarks.peers.task import Answer
from benchmarks.processes import server as roadlens

SECRET, PASSWORD = "benchmarks sign with this, and nobody else does", "benchmarks only, never elsewhere"
HIT, LOGGED_HIT, SHARED_HIT = "Roadlens", "Roadlens, a line for each hit", "Roadlens, Redis"
# Headers that say something about one transfer: each server writes its own.
TRANSFER = {"date", "server", "connection", "transfer-encoding"}


@dataclass(slots=True)
class Installation:
    """Roadlens with its demonstration fleet, in a data directory for each of its contestants."""

    directory: Path
    redis: tuple[str, int]
    token: str = ""

    def fill(self) -> None:
        """Simulate the fleet once; the other directories are copies."""
        with roadlens(self._data(HIT), ROADLENS_EMPTY="0", **self._settings(HIT, 1)):
            pass
        for name in (LOGGED_HIT, SHARED_HIT):
            shutil.copytree(self._data(HIT), self._data(name), symlinks=True)

    @property
    def filled(self) -> Path:
        """The data directory with the fleet."""
        return self._data(HIT)

    def answers(self, paths: Iterable[str]) -> dict[str, Answer]:
        """What Roadlens answers from memory, and a token that all its processes take."""
        with self.serving(HIT, 1) as (_, url):
            self.token = self._sign_in(url)
            asked = {path: [ask(url + path, self.token) for _ in range(2)][1] for path in paths}
        return {
            path: Answer(status, [header for header in headers if header[0].lower() not in TRANSFER], body)
            for path, (status, headers, body) in asked.items()
        }

    @contextmanager
    def serving(self, name: str, workers: int) -> Iterator[tuple[int, str]]:
        # A log that nobody reads would be dropped, and dropping costs less than writing.
        with (
            self._data(name).with_suffix(".log").open("wb") as log,
            roadlens(self._data(name), log, **self._settings(name, workers)) as started,
        ):
            yield started

    def _settings(self, name: str, workers: int) -> dict[str, str]:
        shared = {"REDIS_HOST": self.redis[0], "REDIS_PORT": str(self.redis[1]), "ROADLENS_CACHE_MEMORY_MB": "0"}
        return {
            "ROADLENS_SECRET_KEY": SECRET,
            "ROADLENS_ADMIN_PASSWORD": PASSWORD,
            "ROADLENS_RATE_LIMIT": "0",
            "ROADLENS_WORKERS": str(workers),
            **(shared if name == SHARED_HIT else {}),
            **({"ROADLENS_LOG_REQUESTS": "all"} if name == LOGGED_HIT else {}),
        }

    def _data(self, name: str) -> Path:
        return self.directory / name.replace(", ", "-").replace(" ", "-")

    def _sign_in(self, url: str) -> str:
        _, _, told = ask(f"{url}/api/v1/auth/login", sent={"username": "admin", "password": PASSWORD})
        token: str = json.loads(told)["access_token"]
        return token
