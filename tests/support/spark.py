"""A standalone cluster of Spark on loopback: a master and workers, each a process that can be killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from tests.support.valkey import HOST

_MASTER = "org.apache.spark.deploy.master.Master"
_WORKER = "org.apache.spark.deploy.worker.Worker"
_ADDRESS = re.compile(r"Starting Spark master at (spark://\S+)")


@dataclass
class Daemon:
    """A master or a worker, in a session of its own: its executors end with it, as if the machine had gone."""

    directory: Path
    command: tuple[str, ...]
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        self.directory.mkdir(parents=True)
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [_home() / "bin" / "spark-class", *self.command, "--host", HOST, "--port", "0", "--webui-port", "0"],
                cwd=self.directory,
                env=os.environ | environment(self.directory),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_for(self, words: str) -> None:
        """Java takes a while to start, longer where others work: it is given all the time, as long as it lives."""
        while words not in self.said():
            assert self.process.poll() is None, self.said()[-2000:]
            time.sleep(0.05)

    def kill(self) -> None:
        """As when its machine loses power."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    @property
    def _log(self) -> Path:
        return self.directory / "log"


@dataclass(frozen=True)
class Cluster:
    """Where its master is, and its workers, of one core each."""

    master: str
    workers: list[Daemon]


def environment(directory: Path) -> dict[str, str]:
    """What Spark's programs need, to stay on loopback and small."""
    configuration = directory / "conf"
    configuration.mkdir(parents=True, exist_ok=True)
    # What lives for a minute is better off with Java's quick compiler.
    quick = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    settings = {
        "spark.executor.memory": "640m",
        "spark.driver.memory": "640m",
        "spark.executor.extraJavaOptions": quick,
        "spark.driver.extraJavaOptions": quick,
    }
    lines = "".join(f"{name} {value}\n" for name, value in settings.items())
    (configuration / "spark-defaults.conf").write_text(lines)
    return {
        "SPARK_LOCAL_IP": HOST,
        "SPARK_DAEMON_MEMORY": "192m",
        "SPARK_DAEMON_JAVA_OPTS": quick,
        "SPARK_CONF_DIR": str(configuration),
        "SPARK_NO_DAEMONIZE": "1",
    }


@contextmanager
def running_cluster(directory: Path, workers: int = 2) -> Iterator[Cluster]:
    master = Daemon(directory / "master", (_MASTER,))
    started = [master]
    try:
        master.start()
        master.wait_for("Starting Spark master at")
        found = _ADDRESS.search(master.said())
        assert found is not None
        master.wait_for("I have been elected leader")
        for number in range(workers):
            place = directory / f"worker{number}"
            worker = Daemon(
                place, (_WORKER, "--cores", "1", "--memory", "1g", "--work-dir", str(place / "work"), found[1])
            )
            started.append(worker)
            worker.start()
        for worker in started[1:]:
            worker.wait_for("Successfully registered with master")
        yield Cluster(found[1], started[1:])
    finally:
        for daemon in reversed(started):
            daemon.kill()


def _home() -> Path:
    found = find_spec("pyspark")
    assert found is not None, "make .venv/spark.stamp installs Spark"
    assert found.submodule_search_locations is not None
    return Path(found.submodule_search_locations[0])
