"""Edits on a server with two workers: whoever asks next, of whichever worker, is answered from after the edit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.installation import Installation
from tests.support.pair import Pair, Worker, opened_pair
from tests.support.postgres import Server


@pytest.fixture(scope="module")
def pair(postgres: Server, fleet_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with postgres.copy_of(fleet_template) as url:
        settings = {"DATABASE_URL": url, "ROADLENS_WORKERS": "2"}
        with opened_pair(Installation(tmp_path_factory.mktemp("edits") / "data", settings)) as opened:
            yield opened


def first_name(worker: Worker) -> str:
    name: str = worker.json("/admin/drivers/DRV-0001")["first_name"]
    return name


@pytest.mark.parametrize("edits", [300, pytest.param(10_000, marks=pytest.mark.system)])
def test_an_edit_at_one_worker_is_seen_by_the_next_request_at_the_other(pair: Pair, edits: int) -> None:
    seen = hits = 0
    for number in range(edits):
        writer, reader = pair.workers[number % 2], pair.workers[1 - number % 2]
        name = f"Ada {number}"
        writer.edit("PATCH", "/admin/drivers/DRV-0001", {"first_name": name})
        answers = [reader.get("/admin/drivers/DRV-0001") for _ in range(2)]
        seen += [answer.json()["first_name"] for answer in answers] == [name, name]
        hits += "hit" in answers[1].headers["Cache-Status"]
    assert (seen, hits) == (edits, edits)
