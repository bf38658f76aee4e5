"""A server that breaks a promise is found, each promise by its own check, over HTTP; one that keeps them is not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

import httpx
import psycopg
import pytest

from fuzzing.campaign import Campaign, Wish
from fuzzing.target import Target
from roadlens.domain import Role
from tests.support.faulty import ANSWERS, running_faulty
from tests.support.postgres import Server

PROBLEMS: Final = "errors_are_problems"
FOUND: Final = {
    "GET /plain": PROBLEMS,
    "GET /untyped": PROBLEMS,
    "GET /otherwise": PROBLEMS,
    "GET /silent": PROBLEMS,
    "GET /untitled": PROBLEMS,
    "GET /unnamed": PROBLEMS,
    "GET /bare": "security_headers_are_there",
    "GET /proud": "security_headers_are_there",
    "GET /unavailable": "nothing_fails_while_all_is_well",
    "GET /open": "entrance_is_guarded",
    "GET /admin/audit": "entrance_is_guarded",
    "DELETE /admin/things": "entrance_is_guarded",
}
LOGGED: Final = '{"level":"error","message":"It broke","exception":"ValueError: no\\n  at roadlens/app.py:7 compute"}\n'


@pytest.fixture(scope="module")
def campaign(postgres: Server) -> Iterator[Campaign]:
    """One over all that is faulty; the database stands by and is asked for nothing."""
    with (
        running_faulty() as address,
        httpx.Client(base_url=address) as client,
        psycopg.connect(postgres.address) as connection,
    ):
        target = Target(
            client, [LOGGED], "", connection, "", dict.fromkeys(Role, "token"), dict.fromkeys(Role, time.monotonic())
        )
        campaign = Campaign(target, lambda _: None, Wish(examples=40, sequences=0, seed=1, coverage=False))
        campaign.run()
        yield campaign


def found(campaign: Campaign, label: str) -> set[str]:
    return {finding.partition(":")[0] for finding in campaign.accounts[label].findings}


@pytest.mark.parametrize("label", ANSWERS)
def test_each_fault_is_found_by_its_check(campaign: Campaign, label: str) -> None:
    assert campaign.accounts[label].drawn >= 40
    assert found(campaign, label) - {"not_a_server_error"} == ({FOUND[label]} if label in FOUND else set())


def test_all_that_is_wished_for_is_drawn(campaign: Campaign) -> None:
    assert campaign.broken_off() == []


def test_what_a_server_logs_is_a_finding(campaign: Campaign) -> None:
    assert campaign.troubles == ["The server logged ValueError: no (at roadlens/app.py:7 compute): It broke"]
