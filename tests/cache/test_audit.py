"""The audit: it finds what no clock and no edit explains, and is silent about the rest."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from roadlens.cache.audit import SNAPSHOT, Audit, Compute, Snapshot
from roadlens.cache.entry import Entry
from roadlens.cache.keys import Key
from roadlens.cache.loading import anew
from roadlens.cache.policy import Policy
from tests.support.asking import Worker, all_waiting

Edited = Callable[[Any], Mapping[str, object]]


def edited(answer: Any) -> Mapping[str, object]:
    return {f"{driver}.name": told["name"] for driver, told in answer.items()}


def of(ann: str = "Ann", trips: int = 7) -> dict[str, dict[str, object]]:
    return {"DRV-1": {"name": ann, "trips": trips}}


def key(compare: Edited | None = edited) -> Key:
    return Key(Policy(60, "drivers_list", ("drivers",), edited=compare), "list_drivers", "/a", {})


def computing(worker: Worker, answer: object, status: int = 200, *, seen: bool = True) -> Compute:
    """Compute that answer, from a snapshot with the versions that the worker knows when it is asked."""

    async def compute(**told: Snapshot) -> Entry:
        assert anew()
        if seen:
            told[SNAPSHOT].versions = worker.versions.of(told[SNAPSHOT].tags)
        return Entry.of_answer("/a", status, (), json.dumps(answer).encode(), time.time())

    return compute


async def verdict(kept: object, compute: Callable[[Worker], Compute], compare: Edited | None = edited) -> Audit:
    """Audit a hit on this answer."""
    worker = Worker()
    audit = Audit(worker.cache, worker.counting, 1)
    entry = Entry.of_answer("/a", 200, (), json.dumps(kept).encode(), time.time())
    audit.begin(key(compare), entry, compute(worker))
    await all_waiting()
    return audit


async def test_the_same_is_right() -> None:
    audit = await verdict(of(), lambda worker: computing(worker, of()))
    assert (audit.done, audit.stale) == (1, 0)


async def test_what_an_edit_covers_and_differs_is_stale(caplog: pytest.LogCaptureFixture) -> None:
    audit = await verdict(of("Ann"), lambda worker: computing(worker, of("Eve")))
    assert (audit.done, audit.stale) == (1, 1)
    (found,) = audit.findings
    assert found.differing == ("DRV-1.name",)
    assert found.key.startswith("response_cache:drivers_list:/a@drivers.0")
    assert found.kept != found.computed
    assert found.kept in caplog.text
    assert found.computed in caplog.text
    assert "Ann" not in caplog.text  # a log is no place for people


async def test_what_telemetry_changes_is_explained_by_the_time() -> None:
    audit = await verdict(of(trips=7), lambda worker: computing(worker, of(trips=8) | {"DRV-2": {"name": "Bob"}}))
    assert (audit.done, audit.stale) == (1, 0)


async def test_what_has_gone_though_no_tag_changed_is_stale() -> None:
    audit = await verdict({"DRV-1": {"name": None}}, lambda worker: computing(worker, {}, 404))
    assert (audit.done, audit.stale) == (1, 1)


@pytest.mark.parametrize("status", [401, 429, 500, 503])
async def test_an_answer_that_says_nothing_of_the_data_is_no_verdict(status: int) -> None:
    audit = await verdict(of(), lambda worker: computing(worker, {}, status))
    assert (audit.done, audit.stale) == (0, 0)


async def test_an_edit_in_between_is_no_verdict() -> None:
    def compute(worker: Worker) -> Compute:
        worker.versions.raise_("vehicles")
        raising = computing(worker, of("Eve"))

        async def raised_first(**told: Snapshot) -> Entry:
            worker.versions.raise_("drivers")
            return await raising(**told)

        return raised_first

    audit = await verdict(of("Ann"), compute)
    assert (audit.done, audit.stale) == (0, 0)


async def test_without_a_snapshot_there_is_no_verdict() -> None:
    audit = await verdict(of("Ann"), lambda worker: computing(worker, of("Eve"), seen=False))
    assert audit.done == 0


async def test_kinds_that_name_nothing_are_left_out() -> None:
    audit = await verdict(of("Ann"), lambda worker: computing(worker, of("Eve")), compare=None)
    assert audit.done == 0


async def test_what_cannot_be_computed_is_no_verdict() -> None:
    def compute(_: Worker) -> Compute:
        async def fail(**_: object) -> Entry:
            raise ValueError("no")

        return fail

    assert (await verdict(of(), compute)).done == 0


async def test_the_hit_does_not_wait_for_it() -> None:
    worker, computed = Worker(), asyncio.Event()

    async def compute(**_: object) -> Entry:
        computed.set()
        await asyncio.Event().wait()
        raise AssertionError("unreachable: nobody sets the event")

    waiting: Callable[..., Awaitable[Entry]] = compute
    audit = Audit(worker.cache, worker.counting, 1)
    audit.begin(key(), Entry.of_value(b"{}", time.time()), waiting)
    await computed.wait()
    await worker.cache.close()


def test_one_of_so_many_hits_is_audited() -> None:
    audit, due = Audit(Worker().cache, Worker().counting, 3), []
    for _ in range(9):
        due.append(audit.due())
        audit._last -= 2  # as if two seconds had passed
    assert due == [True, False, False] * 3


def test_at_most_one_a_second_is_audited() -> None:
    audit = Audit(Worker().cache, Worker().counting, 1)
    assert [audit.due() for _ in range(3)] == [True, False, False]
    audit._last -= 2
    assert audit.due()
