"""What may be declared, and what stops the start."""

from __future__ import annotations

import math

import pytest

from roadlens.cache.policy import EVERYTHING, Policy, PolicyError, cache_response, generation, policy_of


def of_driver(driver_id: str) -> tuple[str, ...]:
    return ("drivers:bulk", f"driver:{driver_id}")


def test_a_declaration_leaves_the_endpoint_as_it_is() -> None:
    async def endpoint() -> int:
        return 7

    declared = cache_response(ttl=60, key_prefix="drivers_list", tags=("drivers",))
    assert declared(endpoint) is endpoint
    assert policy_of(endpoint) == Policy(60, "drivers_list", ("drivers",))


def test_the_defaults_are_five_minutes_under_cache() -> None:
    assert cache_response().policy == Policy(300, "cache")


def test_an_endpoint_that_declares_nothing_has_no_policy() -> None:
    async def endpoint() -> int:
        return 7

    assert policy_of(endpoint) is None


@pytest.mark.parametrize("ttl", [0, -1, math.nan, math.inf])
def test_a_time_that_is_none_is_refused(ttl: float) -> None:
    with pytest.raises(PolicyError, match=r"stats.*more than 0 seconds"):
        cache_response(ttl=ttl, key_prefix="stats")


@pytest.mark.parametrize("prefix", ["", "Drivers", "a:b", "a@b", "a*", "1st", "a" * 65])
def test_a_prefix_that_could_be_another_part_of_a_key_is_refused(prefix: str) -> None:
    with pytest.raises(PolicyError, match="small letters"):
        cache_response(key_prefix=prefix)


def test_one_text_is_no_list_of_tags() -> None:
    # Its letters would be: the answer would carry `d`, `r`, `i`, … and nothing would ever make it stale.
    with pytest.raises(PolicyError, match="write"):
        cache_response(key_prefix="stats", tags="drivers")
    with pytest.raises(PolicyError, match="not the text 'drivers'"):
        Policy(60, "stats", lambda: "drivers").tags_of({})


def test_every_answer_carries_its_prefix_and_everything() -> None:
    assert Policy(60, "stats").tags_of({}) == (generation("stats"), EVERYTHING)


def test_tags_are_in_one_order_and_once() -> None:
    told = Policy(60, "stats", ("vehicles", "drivers", "vehicles")).tags_of({})
    assert told == ("drivers", "vehicles", "prefix:stats", "everything")


def test_tags_are_told_from_the_path() -> None:
    told = Policy(60, "driver_detail", of_driver).tags_of({"driver_id": "DRV-1", "other": "x"})
    assert told == ("driver:DRV-1", "drivers:bulk", "prefix:driver_detail", "everything")


def test_a_tag_function_that_asks_for_what_the_path_lacks_is_refused() -> None:
    policy = Policy(60, "driver_detail", of_driver)
    policy.check("GET /drivers/{driver_id}", ["driver_id"])
    with pytest.raises(PolicyError, match=r"GET /drivers/\{id\}: its tags ask for 'driver_id'"):
        policy.check("GET /drivers/{id}", ["id"])
