"""What readers ask: every kind of answer that is kept, and after a write all that is about it."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI

from lab.orders import Kept
from lab.questions import Questions
from lab.registers import ASSIGNMENT, DEVICES, EVENT, HIRED, SCORE_VERSION
from roadlens.api.caching import find_key
from roadlens.app import V1, v1
from roadlens.freshness import prefixes
from tests.lab.fleets import FLEET

QUESTIONS = Questions(FLEET, Kept())


def test_each_kind_of_answer_that_is_kept_is_asked_for() -> None:
    api = FastAPI()
    api.include_router(v1(), prefix=V1)
    find = find_key(api)
    addresses = [urlsplit(question.path) for question in QUESTIONS.all]
    keys = [find(address.path, address.query.encode()) for address in addresses]
    assert {key.policy.key_prefix for key in keys if key is not None} == prefixes()


@pytest.mark.parametrize(
    "register",
    [
        *(
            each.register
            for each in (*FLEET.drivers, *FLEET.contested, *FLEET.vehicles, *FLEET.users, FLEET.promoted, FLEET.reset)
        ),
        *(ASSIGNMENT, DEVICES, EVENT, HIRED, SCORE_VERSION),
    ],
)
def test_each_register_has_questions_about_it(register: str) -> None:
    assert QUESTIONS.about[register]
