"""What several processes have asked adds up to one outcome, and together they ask everything once."""

from __future__ import annotations

from collections import Counter

import httpx
import psycopg
import pytest

from fuzzing.campaign import HARDLY, Account, Campaign, Wish
from fuzzing.shares import Outcome, added
from fuzzing.target import Target
from tests.support.faulty import ANSWERS, running_faulty
from tests.support.postgres import Server


def account(asked: int, status: int, *findings: str) -> Account:
    return Account(asked, asked - 1, 1, Counter({status: asked}), Counter(findings), asked - 2)


def test_outcomes_add_up() -> None:
    whole = added(
        [
            Outcome({"GET /a": account(3, 200), "GET /b": Account()}, ["The server logged x"]),
            Outcome({"GET /a": account(2, 200, "late"), "GET /b": account(5, 404, "late", "wrong")}, []),
            Outcome({"GET /b": account(1, 200, "late")}, ["GET /b: y", "The server logged x"]),
        ]
    )
    assert whole.accounts["GET /a"] == Account(5, 3, 2, Counter({200: 5}), Counter({"late": 1}), 1)
    assert whole.accounts["GET /b"] == Account(6, 4, 2, Counter({404: 5, 200: 1}), Counter({"late": 2, "wrong": 1}), 2)
    assert whole.troubles == ["GET /b: y", "The server logged x"]
    assert whole.findings == 5


@pytest.mark.parametrize("processes", [1, 2, 50])
def test_each_operation_and_each_sequence_belongs_to_one(postgres: Server, processes: int) -> None:
    wish = Wish(examples=1, sequences=7, seed=1)
    with (
        running_faulty() as address,
        httpx.Client(base_url=address) as client,
        psycopg.connect(postgres.address) as connection,
    ):
        target = Target(client, [], "", connection, "")
        shares = [Campaign(target, lambda _: None, wish, number, processes) for number in range(processes)]
    assert sorted(label for share in shares for label in share.own) == sorted(ANSWERS)
    assert sum(share.sequences for share in shares) == 7
    for share in shares:
        assert share.broken_off() == [f"{label}: only 0 were drawn" for label in share.own]


def test_an_operation_that_is_hardly_ever_done_is_named(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        running_faulty() as address,
        httpx.Client(base_url=address) as client,
        psycopg.connect(postgres.address) as connection,
    ):
        campaign = Campaign(Target(client, [], "", connection, ""), lambda _: None, Wish(1, 0, 1))
    first, second, third = campaign.own[:3]
    campaign.accounts[first] = Account(ours=99, done=0)  # too few to say
    campaign.accounts[second] = Account(ours=100, done=10)
    campaign.accounts[third] = Account(ours=100, done=9)
    assert campaign.hardly_met() == [f"{third}: done in 9 of 100 requests with our values"]
    monkeypatch.setitem(HARDLY, third, (0.09, "a reason"))
    assert campaign.hardly_met() == []
