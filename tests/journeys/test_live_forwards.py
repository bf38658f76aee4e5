"""Real drives posted live, in disorder and twice: the rows are the file's, and nothing acknowledged is ever lost."""

from __future__ import annotations

import gzip
import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest

from tests.journeys.test_real_drives import stored
from tests.support.embedded_database import server_pid
from tests.support.installation import Api, Installation, real_drives

CONNECTIONS = 4
POSITIONS = 947  # the first five drives
SHUFFLED_WITHIN = 40
PATIENCE_S = 120.0

Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module", params=real_drives("alarms.jsonl.gz"), ids=lambda path: path.name)
def drives(request: pytest.FixtureRequest) -> list[bytes]:
    return gzip.decompress(request.param.read_bytes()).splitlines()[:POSITIONS]


@pytest.fixture(scope="module")
def from_the_file(drives: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """The rows of an installation that imported the drives from a file, in order and once."""
    directory = tmp_path_factory.mktemp("file")
    file = directory / "drives.jsonl"
    file.write_bytes(b"\n".join(drives))
    installation = Installation(directory / "data")
    with installation.server():
        installation.run("import", "--register", str(file))
        return stored(installation)


@pytest.fixture
def installation(installation: Installation) -> Installation:
    installation.settings["ROADLENS_AUTO_REGISTER"] = "1"
    return installation


def sent(drives: Sequence[bytes]) -> list[bytes]:
    """The forwards as a network hands them over: out of order within a minute or so, and one in twenty again later."""
    dice = random.Random(7)
    lines = [*drives, *dice.sample(drives, len(drives) // 20)]
    order = sorted(range(len(lines)), key=lambda place: place % len(drives) + dice.uniform(0, SHUFFLED_WITHIN))
    return [lines[place] for place in order]


def token(installation: Installation) -> str:
    return installation.run("tokens", "create", f"journey {time.time()}").strip()


class Sender:
    """One connection that posts its share in order and notes how far it is acknowledged."""

    def __init__(self, share: Sequence[bytes]) -> None:
        self.share = share
        self.acknowledged = 0

    def post(self, api: Api, token: str, on_refusal: Callable[[httpx.Response], None]) -> None:
        """Until all is acknowledged; `on_refusal` raises, or the same forward is posted again."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        with httpx.Client(base_url=api.client.base_url, headers=headers, timeout=120) as client:
            while self.acknowledged < len(self.share):
                answer = client.post("/ingest/traccar", content=self.share[self.acknowledged])
                if answer.status_code == 200:
                    self.acknowledged += 1
                else:
                    on_refusal(answer)


def senders(forwards: Sequence[bytes]) -> list[Sender]:
    return [Sender(forwards[start::CONNECTIONS]) for start in range(CONNECTIONS)]


def refuse(answer: httpx.Response) -> None:
    raise AssertionError(f"{answer.status_code}: {answer.text}")


@pytest.mark.system
def test_four_connections_at_once_give_the_rows_of_the_file(
    installation: Installation, drives: list[bytes], from_the_file: Rows
) -> None:
    with installation.server() as api, ThreadPoolExecutor(CONNECTIONS) as pool:
        key = token(installation)
        for done in [pool.submit(sender.post, api, key, refuse) for sender in senders(sent(drives))]:
            done.result()
        assert "no differences" in installation.run("doctor")
        assert stored(installation) == from_the_file


@pytest.mark.system
def test_a_killed_server_has_lost_nothing_it_acknowledged(
    installation: Installation, drives: list[bytes], from_the_file: Rows
) -> None:
    """Each sender goes on with what was not acknowledged, as Traccar does, and the rows are those of the file."""
    all_senders = senders(sent(drives))
    with installation.server() as api, ThreadPoolExecutor(CONNECTIONS) as pool:
        key = token(installation)
        posting = [pool.submit(sender.post, api, key, refuse) for sender in all_senders]
        while sum(sender.acknowledged for sender in all_senders) < POSITIONS / 3:
            time.sleep(0.01)
        os.kill(api.pid, signal.SIGKILL)
        for each in posting:
            assert isinstance(each.exception(), httpx.TransportError)
    acknowledged = {forward for sender in all_senders for forward in sender.share[: sender.acknowledged]}
    assert 0 < len(acknowledged) < POSITIONS
    with installation.server() as api, ThreadPoolExecutor(CONNECTIONS) as pool:
        with psycopg.connect(installation.run("db", "url").strip()) as connection:
            (kept,) = connection.execute("SELECT count(*) FROM positions").fetchone() or (0,)
        assert kept >= len(acknowledged)
        for done in [pool.submit(sender.post, api, key, refuse) for sender in all_senders]:
            done.result()
        assert "no differences" in installation.run("doctor")
        assert stored(installation) == from_the_file


@pytest.mark.system
def test_a_database_that_goes_away_is_waited_for(
    installation: Installation, drives: list[bytes], from_the_file: Rows
) -> None:
    all_senders = senders(sent(drives))
    refusals: list[httpx.Response] = []

    def come_back(answer: httpx.Response) -> None:
        refusals.append(answer)
        assert answer.status_code == 503, answer.text
        assert answer.headers["Retry-After"].isdigit()
        assert len(refusals) < PATIENCE_S * CONNECTIONS / 0.1
        time.sleep(0.1)

    with installation.server() as api, ThreadPoolExecutor(CONNECTIONS) as pool:
        key = token(installation)
        posting = [pool.submit(sender.post, api, key, come_back) for sender in all_senders]
        while sum(sender.acknowledged for sender in all_senders) < POSITIONS / 3:
            time.sleep(0.01)
        os.kill(server_pid(installation.data_dir), signal.SIGKILL)
        for done in posting:
            done.result()
        assert refusals
        assert stored(installation) == from_the_file


def test_batches_and_single_forwards_meet(installation: Installation, drives: list[bytes], from_the_file: Rows) -> None:
    """A tracker that was out of range sends what it kept while it sends what it sees."""
    forwards = sent(drives)
    live, kept = forwards[::9], [forward for place, forward in enumerate(forwards) if place % 9]
    with installation.server() as api, ThreadPoolExecutor(1) as pool:
        key = token(installation)
        posting = pool.submit(Sender(live).post, api, key, refuse)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
        for start in range(0, len(kept), 150):
            body = gzip.compress(b"\n".join(kept[start : start + 150]))
            answer = httpx.post(f"{api.client.base_url}ingest/positions", content=body, headers=headers, timeout=120)
            assert answer.raise_for_status().json()["dropped"] == 0
        posting.result()
        assert stored(installation) == from_the_file
