"""Requests that wait for one load, and what becomes of a load that fails or ends in the middle."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from roadlens.cache.audit import SNAPSHOT
from roadlens.cache.entry import Entry
from roadlens.cache.http import Incomplete
from roadlens.cache.policy import Policy
from roadlens.cache.watch import Message
from tests.support.asgi import POLICIES, Site, find_key
from tests.support.asking import all_waiting


def start(*headers: tuple[bytes, bytes], status: int = 200) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


async def kept(site: Site, url: str, age: float) -> None:
    """Have an answer kept that is so old already."""
    path, _, query = url.partition("?")
    key = find_key(path, query.encode())
    assert key is not None

    async def load() -> Entry:
        return Entry.of_answer(key.url, 200, (), b"kept", time.time() - age)

    await site.worker.cache.get_or_load(key, load)


async def test_many_who_ask_at_once_run_the_application_once() -> None:
    site = Site()
    site.bare.may_answer.clear()
    asking = [asyncio.create_task(site.ask("/stats", token=token)) for token in (b"ann", b"vic") * 100]
    await site.bare.at_work.wait()
    site.bare.may_answer.set()
    statuses = [answer.cache_status for answer in await asyncio.gather(*asking)]
    assert sorted(set(statuses)) == [b"roadlens; fwd=miss; collapsed", b"roadlens; fwd=miss; stored"]
    assert statuses.count(b"roadlens; fwd=miss; stored") == site.bare.ran == 1


async def test_the_leader_leaves_and_the_others_are_answered() -> None:
    site = Site()
    site.bare.may_answer.clear()
    asking = [asyncio.create_task(site.ask("/stats")) for _ in range(3)]
    await site.bare.at_work.wait()
    asking[0].cancel()
    await asyncio.wait(asking[:1])
    site.bare.may_answer.set()
    assert [answer.body for answer in await asyncio.gather(*asking[1:])] == [b"old"] * 2
    assert site.bare.ran == 1


@pytest.mark.parametrize("header", [(b"set-cookie", b"a=b"), (b"cache-control", b"private")])
async def test_what_is_one_persons_is_given_to_nobody_else(header: tuple[bytes, bytes]) -> None:
    site = Site()
    site.bare.headers = [header]
    site.bare.may_answer.clear()
    asking = [asyncio.create_task(site.ask("/stats")) for _ in range(3)]
    await site.bare.at_work.wait()
    site.bare.may_answer.set()
    answers = [*await asyncio.gather(*asking), await site.ask("/stats")]
    assert site.bare.ran == 4
    assert all(header in answer.headers.items() for answer in answers)
    assert {answer.cache_status for answer in answers} == {b"roadlens; fwd=miss"}


async def test_what_is_not_found_is_shared_with_those_who_wait_and_not_kept() -> None:
    site = Site()
    site.bare.status = 404
    site.bare.may_answer.clear()
    asking = [asyncio.create_task(site.ask("/stats")) for _ in range(3)]
    await site.bare.at_work.wait()
    site.bare.may_answer.set()
    assert {answer.status for answer in await asyncio.gather(*asking)} == {404}
    assert site.bare.ran == 1
    site.bare.status = 200
    assert (await site.ask("/stats")).status == 200


async def test_a_refusal_is_nobody_elses() -> None:
    """An endpoint may refuse one user for a reason of its own."""
    site = Site()
    site.bare.status = 403
    site.bare.may_answer.clear()
    asking = [asyncio.create_task(site.ask("/stats", token=token)) for token in (b"vic", b"ann")]
    await site.bare.at_work.wait()
    site.bare.may_answer.set()
    await asyncio.gather(*asking)
    assert site.bare.ran == 2


async def test_an_application_that_fails_fails_for_all_and_is_asked_again() -> None:
    site = Site()
    site.bare.fails, site.bare.messages = ValueError("no"), [start()]
    site.bare.may_answer.clear()
    asking = [asyncio.create_task(site.ask("/stats")) for _ in range(3)]
    await site.bare.at_work.wait()
    site.bare.may_answer.set()
    assert [type(answer) for answer in await asyncio.gather(*asking, return_exceptions=True)] == [ValueError] * 3
    assert site.bare.ran == 1
    site.bare.fails = site.bare.messages = None
    assert (await site.ask("/stats")).status == 200


async def test_an_application_that_has_answered_before_it_fails_is_heard(caplog: pytest.LogCaptureFixture) -> None:
    site = Site()
    site.bare.status, site.bare.fails = 500, ValueError("no")
    answer = await site.ask("/stats")
    assert (answer.status, answer.body) == (500, b"old")
    assert "get_stats failed" in caplog.text
    assert "days=7" not in caplog.text, "parameters may be what somebody searched for"
    site.bare.status, site.bare.fails = 200, None
    assert (await site.ask("/stats")).status == 200


@pytest.mark.parametrize(
    "messages", [[start()], [start(), {"type": "http.response.body", "body": b"ha", "more_body": True}]]
)
@pytest.mark.parametrize("trusted", [True, False])
async def test_half_an_answer_is_nobodys(messages: list[Message], trusted: bool) -> None:
    site = Site()
    if not trusted:
        site.versions.distrust()
    site.bare.messages = messages
    with pytest.raises(Incomplete):
        await site.ask("/stats")
    site.bare.messages = None
    assert (await site.ask("/stats")).body == b"old"


async def test_an_answer_in_pieces_is_whole() -> None:
    site = Site()
    pieces = [
        {"type": "http.response.body", "body": piece, "more_body": piece != b"f"} for piece in (b"hal", b"", b"f")
    ]
    site.bare.messages = [start((b"x-a", b"1")), *pieces]
    for _ in range(2):
        answer = await site.ask("/stats")
        assert (answer.body, answer.headers[b"x-a"], answer.headers[b"content-length"]) == (b"half", b"1", b"4")
    assert site.bare.ran == 1


async def test_an_edit_while_a_load_runs_is_seen_by_the_next() -> None:
    site = Site()
    site.bare.may_answer.clear()
    asking = asyncio.create_task(site.ask("/stats"))
    await site.bare.at_work.wait()  # and has read
    site.bare.read = "new"
    site.versions.raise_("drivers")
    site.bare.may_answer.set()
    assert (await asking).body == b"old"
    assert (await site.ask("/stats")).body == b"new"


async def test_shortly_before_its_end_one_refreshes_behind_the_answers() -> None:
    site = Site()
    site.bare.read = "new"
    await kept(site, "/stats", age=55)
    answers = [await site.ask("/stats") for _ in range(3)]
    assert [(answer.body, answer.headers[b"age"]) for answer in answers[:1]] == [(b"kept", b"55")]
    await site.bare.at_work.wait()
    await all_waiting()
    answer = await site.ask("/stats")
    assert (answer.body, answer.headers[b"age"]) == (b"new", b"0")
    assert site.bare.ran == 1


async def test_without_trust_everybody_has_it_computed_with_their_own_request() -> None:
    site = Site()
    await site.ask("/stats")
    site.versions.distrust()
    site.bare.read = "new"
    site.bare.may_answer.clear()
    asking = [asyncio.create_task(site.ask("/stats?utm=1", (b"range", b"x"))) for _ in range(3)]
    await all_waiting()
    assert site.bare.ran == 4
    site.bare.may_answer.set()
    answers = await asyncio.gather(*asking)
    assert {(answer.body, answer.cache_status) for answer in answers} == {
        (b"new", b"roadlens; fwd=bypass; detail=distrust")
    }
    scope = site.bare.scopes[-1]
    assert scope["query_string"] == b"utm=1"
    assert (b"authorization", b"ann") in scope["headers"]
    assert site.tokens.asked == 1
    site.versions.trust()
    assert (await site.ask("/stats")).body == b"old"


async def test_some_hits_are_audited_behind_the_answer() -> None:
    site = Site(audit=1)
    kind = Policy(60, "stats", ("drivers",), POLICIES["/stats"].audience, edited=lambda answer: {"n": answer["n"]})
    key = find_key("/stats", b"")
    assert key is not None
    site.hits._addresses["/stats", b""] = type(key)(kind, key.endpoint, key.url, {})
    site.bare.read = json.dumps({"n": 7})
    await site.ask("/stats")
    assert (await site.ask("/stats")).cache_status.startswith(b"roadlens; hit")
    await all_waiting()
    assert site.bare.ran == 2
    assert SNAPSHOT in site.bare.scopes[1]
    assert site.bare.scopes[1][SNAPSHOT].tags == key.tags
    assert SNAPSHOT not in site.bare.scopes[0]
