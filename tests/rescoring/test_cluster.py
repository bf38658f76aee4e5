"""What is said where no cluster can be had, and what becomes of a process that dies. The cluster is in `test_spark`."""

from __future__ import annotations

import socket
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from roadlens.errors import RoadlensError, SetupError
from roadlens.rescoring import cluster
from roadlens.rescoring.tasks import Greeting, Made
from tests.support.valkey import HOST, free_port

GREETING = Greeting("postgresql://nowhere", "/nowhere", 2)

# Makes two of the chunks that it is told, and dies over the third.
_DIES = """
import json, sys
sys.stdin.readline()
for chunk in json.loads(sys.stdin.readline())["chunks"][:2]:
    print(json.dumps({"type": "Made", "chunk": chunk, "seconds": 1.0}), flush=True)
"""
_FAILS = """
import sys
print('{"type": "Failed", "code": "setup", "detail": "Nobody is there."}', flush=True)
sys.stdin.read()
"""


@pytest.fixture
def java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A program in Java's place that says which one it is; and Spark is installed, which is not so everywhere."""
    monkeypatch.setattr(cluster, "find_spec", lambda _: find_spec("roadlens"))
    program = tmp_path / "bin" / "java"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'openjdk version \"17.0.15\" 2025-04-15' >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    return program


def test_without_spark_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    with pytest.raises(SetupError, match=r"pip install 'roadlens\[spark\]'"):
        cluster.check("spark://somewhere:7077")


def test_without_java_it_says_which_one_to_install(java: Path) -> None:
    java.unlink()
    with pytest.raises(SetupError, match=r"Java 17 or newer, and there is none here.*openjdk-17-jre-headless"):
        cluster.check("spark://somewhere:7077")


def test_an_old_java_is_named(java: Path) -> None:
    java.write_text(java.read_text().replace("17.0.15", "11.0.2"))
    with pytest.raises(SetupError, match="the one here is 11"):
        cluster.check("spark://somewhere:7077")


@pytest.mark.usefixtures("java")
@pytest.mark.parametrize("address", ["local[2]", "spark://", "spark://host", "spark://host:port", "http://host:7077"])
def test_an_address_of_something_else_is_refused(address: str) -> None:
    with pytest.raises(SetupError, match="spark://HOST:PORT"):
        cluster.check(address)


@pytest.mark.usefixtures("java")
def test_a_master_that_does_not_listen_is_found_out_at_once() -> None:
    with pytest.raises(SetupError, match="Nobody listens"):
        cluster.check(f"spark://{HOST}:{free_port()}")


@pytest.mark.usefixtures("java")
def test_one_of_several_masters_is_enough() -> None:
    with socket.create_server((HOST, 0)) as listener:
        cluster.check(f"spark://{HOST}:{free_port()},{HOST}:{listener.getsockname()[1]}")


async def test_another_process_goes_on_after_one_that_died() -> None:
    made: list[Made] = []
    await cluster.spread(GREETING, range(1, 6), made.append, (sys.executable, "-c", _DIES))
    assert [of.chunk for of in made] == [1, 2, 3, 4, 5]


async def test_one_that_dies_each_time_is_given_up() -> None:
    with pytest.raises(RoadlensError, match="ended 3 times"):
        await cluster.spread(GREETING, [1], lambda _: None, (sys.executable, "-c", "pass"))


async def test_what_has_failed_is_told() -> None:
    with pytest.raises(SetupError, match=r"Nobody is there\."):
        await cluster.spread(GREETING, [1], lambda _: None, (sys.executable, "-c", _FAILS))
