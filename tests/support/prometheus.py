"""A real Prometheus, Debian's, with the rules of deploy/: it scrapes each second, and no alert waits to fire."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.support.rules import PROMETHEUS
from tests.support.valkey import HOST, free_port

WITHIN_S = 120.0
SCRAPE_S = 1


@dataclass(frozen=True)
class Prometheus:
    """What it is asked."""

    client: httpx.Client

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression gives now; one that cannot be evaluated fails."""
        told = self.client.get("/api/v1/query", params={"query": expression}).json()
        assert told["status"] == "success", (expression, told)
        result = told["data"]["result"]
        return [{"metric": {}, "value": result}] if told["data"]["resultType"] == "scalar" else result

    def values(self, expression: str, label: str) -> dict[str, float]:
        """By the value of one label."""
        return {series["metric"].get(label, ""): float(series["value"][1]) for series in self.query(expression)}

    def value(self, expression: str) -> float | None:
        """Of an expression that gives one series, or none."""
        found = [float(series["value"][1]) for series in self.query(expression)]
        assert len(found) < 2, expression
        return found[0] if found else None

    def rules(self) -> list[dict[str, Any]]:
        """Each rule with its state, health and last error."""
        groups = self.client.get("/api/v1/rules").raise_for_status().json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def firing(self) -> dict[str, dict[str, Any]]:
        """The alerts that fire now, by name."""
        alerts = self.client.get("/api/v1/alerts").raise_for_status().json()["data"]["alerts"]
        return {alert["labels"]["alertname"]: alert for alert in alerts if alert["state"] == "firing"}

    def until(self, happened: Callable[[], bool], what: str) -> None:
        """Wait for something that a later scrape shows."""
        end = time.monotonic() + WITHIN_S
        while not happened():
            assert time.monotonic() < end, f"Prometheus does not see that {what}"
            time.sleep(SCRAPE_S / 5)


@contextmanager
def running_prometheus(directory: Path, target: str) -> Iterator[Prometheus]:
    """A Prometheus whose job `roadlens` has this one target, such as `127.0.0.1:8000`."""
    directory.mkdir(parents=True)
    port = free_port()
    configuration = _configuration(directory, target, port)
    command = ["prometheus", f"--config.file={configuration}", f"--storage.tsdb.path={directory / 'data'}"]
    command += [f"--web.listen-address={HOST}:{port}", "--log.level=warn"]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=directory, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://{HOST}:{port}", timeout=120) as client:
            prometheus = Prometheus(client)
            prometheus.until(lambda: _is_ready(process, client), "it is ready")
            yield prometheus
    finally:
        process.terminate()
        process.wait(WITHIN_S)


def _is_ready(process: subprocess.Popen[bytes], client: httpx.Client) -> bool:
    assert process.poll() is None, "Prometheus ended; its log says why"
    with suppress(httpx.TransportError):
        return client.get("/-/ready").is_success
    return False


def _configuration(directory: Path, target: str, port: int) -> Path:
    """That of deploy/, with addresses of this machine and without patience."""
    configuration = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    configuration["global"] = {"scrape_interval": f"{SCRAPE_S}s", "evaluation_interval": f"{SCRAPE_S}s"}
    targets = {"roadlens": target, "prometheus": f"{HOST}:{port}"}
    for job in configuration["scrape_configs"]:
        job.pop("scrape_timeout", None)
        job["static_configs"] = [{"targets": [targets[job["job_name"]]]}]
    configuration["rule_files"] = [str(directory / "rules" / "*.yml")]
    (directory / "rules").mkdir()
    for file in PROMETHEUS.glob("rules/*.yml"):
        rules = yaml.safe_load(file.read_text())
        for group in rules["groups"]:
            for rule in group["rules"]:
                rule.pop("for", None)
        (directory / "rules" / file.name).write_text(yaml.safe_dump(rules))
    path = directory / "prometheus.yml"
    path.write_text(yaml.safe_dump(configuration))
    return path
