"""An admin's connection to a running server: asks, and reads what the server counts."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

from benchmarks.contestants import ask
from benchmarks.installation import PASSWORD


class Client:
    """One connection of an admin."""

    def __init__(self, url: str) -> None:
        _, _, told = ask(f"{url}/api/v1/auth/login", sent={"username": "admin", "password": PASSWORD})
        self.url = url
        self.token: str = json.loads(told)["access_token"]
        self._connection = HTTPConnection(urlsplit(url).netloc)

    def ask(self, path: str, method: str = "GET", body: object = None) -> bytes:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        text = answer.read()
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
