"""Keys: readable, unlike for whatever differs, alike for whatever does not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from roadlens.cache.keys import LONGEST, Key, canonical, namespace, value_key
from roadlens.cache.policy import Policy
from tests.support.known_versions import KnownVersions

LIST = Policy(120, "drivers_list", ("vehicles", "drivers"))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def listed() -> Key:
    return Key(LIST, "list_drivers", "/api/v1/admin/drivers?limit=100&skip=0", {})


def test_a_key_reads_as_what_it_is() -> None:
    versions = KnownVersions()
    versions.apply("drivers", "41-9f3c")
    versions.apply("everything", "1-02aa")
    assert listed().at(versions) == (
        "response_cache:drivers_list:/api/v1/admin/drivers?limit=100&skip=0"
        "@drivers.41-9f3c,vehicles.0,prefix:drivers_list.0,everything.1-02aa"
    )


def test_each_tag_changes_the_key_and_no_other_does() -> None:
    versions, key = KnownVersions(), listed()
    seen = {key.at(versions)}
    for tag in key.tags:
        versions.raise_(tag)
        seen.add(key.at(versions))
    assert len(seen) == 1 + len(key.tags)
    before = key.at(versions)
    versions.raise_("users")
    assert key.at(versions) == before


def test_a_version_that_comes_back_after_another_map_was_loaded_is_read_anew() -> None:
    versions, key = KnownVersions(), listed()
    first = key.at(versions)
    versions.distrust()
    versions.known["drivers"] = "9-other"
    versions.trust()
    assert key.at(versions) != first


def test_a_value_is_named_by_what_it_is_of() -> None:
    key = value_key(
        Policy(180, "risk_score", lambda driver_id: [f"driver:{driver_id}"]), {"driver_id": "A B"}, {"n": "1"}
    )
    assert key.name == "value_cache:risk_score:driver_id=A%20B&n=1"
    assert key.tags[0] == "driver:A B"
    assert "driver:A%20B.0," in key.at(KnownVersions())


def test_an_answer_is_computed_again_shortly_before_its_time_ends() -> None:
    assert Key(Policy(60, "a"), "e", "/", {}).refresh_at == 54
    assert Key(Policy(300, "a"), "e", "/", {}).refresh_at == 290


def test_parameters_have_one_order_and_spelling() -> None:
    assert canonical("/a b", {"z": "1&2", "a": "="}) == "/a%20b?a=%3D&z=1%262"
    assert canonical("/a", {}) == "/a"


def test_what_is_too_long_has_no_key() -> None:
    assert canonical("/" + "a" * (LONGEST - 1), {}) is not None
    assert canonical("/" + "a" * LONGEST, {}) is None


@given(TEXTS, TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=3), st.dictionaries(TEXTS, TEXTS, max_size=3))
def test_unlike_requests_have_unlike_keys(path: str, other: str, told: dict[str, str], others: dict[str, str]) -> None:
    assert (canonical(path, told) == canonical(other, others)) == ((path, told) == (other, others))


@given(TEXTS, TEXTS)
def test_no_path_or_parameter_can_look_like_another_part_of_a_key(path: str, value: str) -> None:
    url = canonical("/" + path, {"q": value})
    assert url is not None
    assert not set(url.partition("?")[0]) & set("@:?&=*[]\\ ,")
    assert not set(url.partition("?q=")[2]) & set("@:?&=*[]\\ ,/")


@given(TEXTS, TEXTS)
def test_no_tag_can_look_like_another_part_of_a_key(first: str, second: str) -> None:
    policies = [Policy(60, "a", tags) for tags in ((first, second), (f"{first}.0,{second}",))]
    told = [Key(policy, "e", "/", {}).at(KnownVersions()) for policy in policies]
    assert told[0] != told[1]


def test_what_writes_other_answers_has_another_namespace() -> None:
    assert namespace("1", "build", "schema") == namespace("1", "build", "schema")
    assert len({namespace("a", "b"), namespace("ab"), namespace("a", "c"), namespace("ab", "")}) == 4
