"""An admin's connection to a running server: asks, and reads what the server counts."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from time import monotonic
from urllib.parse import urlsplit

from benchmarks.contestants import ask
from benchmarks.installation import PASSWORD

# Seconds. A connection that has been idle for longer may have been closed by the server, which waits five.
_IDLE = 2.0


class Client:
    """One connection of an admin."""

    def __init__(self, url: str) -> None:
        _, _, told = ask(f"{url}/api/v1/auth/login", sent={"username": "admin", "password": PASSWORD})
        self.url = url
        self.token: str = json.loads(told)["access_token"]
        self._connection = HTTPConnection(urlsplit(url).netloc)
        self._answered_at = monotonic()

    def ask(self, path: str, method: str = "GET", body: object = None) -> bytes:
        if monotonic() > self._answered_at + _IDLE:
            self._connection.close()  # and the next request opens it again
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        text = answer.read()
        self._answered_at = monotonic()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path} was answered {answer.status}: {text[:200]!r}")
        return text

    def kept(self) -> tuple[int, int]:
        """Entries and their bytes, of all workers; they tell them twice a second."""
        prefixes = json.loads(self.ask("/api/v1/admin/cache"))["prefixes"]
        return sum(each["entries"] for each in prefixes), sum(each["bytes"] for each in prefixes)

    def counted(self) -> dict[str, float]:
        """Every series of `/metrics`, by its name and labels as they stand there."""
        lines = [line for line in self.ask("/metrics").decode().splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}
