"""The database is killed under a running server: callers are told to come back, and it comes back by itself."""

from __future__ import annotations

import os
import signal
import time

from tests.support.embedded_database import server_pid
from tests.support.installation import Installation

PATIENCE_S = 120.0


def test_503_until_it_is_back(installation: Installation) -> None:
    with installation.server() as api:
        for _ in range(2):
            os.kill(server_pid(installation.data_dir), signal.SIGKILL)
            away = False
            deadline = time.monotonic() + PATIENCE_S
            while time.monotonic() < deadline:
                response = api.client.get("/admin/dashboard/summary")
                if response.status_code == 200:
                    if away:
                        break
                    continue
                assert response.status_code == 503
                assert response.headers["Retry-After"].isdigit()
                assert response.headers["Content-Type"] == "application/problem+json"
                assert response.json()["type"] == "urn:roadlens:problem:database-unavailable"
                assert api.client.get(str(api.client.base_url.join("/healthz"))).status_code == 200
                away = True
            assert away
            assert api.get("/admin/dashboard/summary")["total_drivers"] == 0
