"""A review says what the program knows, whoever writes it."""

from __future__ import annotations

import re

import psycopg

from roadlens.domain import EventState, EventType

CHECKS = """
SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint
WHERE conrelid = 'event_reviews'::regclass AND contype = 'c' ORDER BY conname
"""


def test_states_and_types_are_those_of_the_domain(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        found = connection.execute(CHECKS).fetchall()
    said = {name: (set(re.findall(r"'(\w+)'", definition)), validated) for name, definition, validated in found}
    assert said == {
        "event_reviews_state_known": (set(EventState), True),
        "event_reviews_type_known": (set(EventType), True),
    }
