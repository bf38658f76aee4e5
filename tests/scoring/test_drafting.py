"""Drafts of score versions: what words mean, what cannot be, and what differs."""

from __future__ import annotations

from dataclasses import fields

import pytest

from roadlens.errors import InvalidInput
from roadlens.scoring import bounds
from roadlens.scoring.drafting import Change, Differing, changed, differences, parse, starting_from
from roadlens.scoring.parameters import DEFAULT, FORMULA, Parameters

BASE = DEFAULT.as_dict()


def refused(*words: str) -> str:
    with pytest.raises(InvalidInput) as error:
        changed(BASE, parse(words))
    return error.value.detail


def test_words_name_values_of_all_vehicles_and_of_classes() -> None:
    assert parse(["gps_braking_ms2=2.4", "Truck.gps_braking_ms2=1.8", "light van.gps_cornering_ms2=-"]) == [
        Change(None, "gps_braking_ms2", 2.4),
        Change("truck", "gps_braking_ms2", 1.8),
        Change("light van", "gps_cornering_ms2", None),
    ]


def test_what_is_not_named_stays() -> None:
    made = changed(BASE, parse(["gps_braking_ms2=2.4"]))
    assert made["gps_braking_ms2"] == 2.4
    assert {name: value for name, value in made.items() if name != "gps_braking_ms2"} == {
        **{name: value for name, value in BASE.items() if name != "gps_braking_ms2"},
        "classes": BASE.get("classes", {}),
    }


def test_a_class_gets_values_of_its_own_and_loses_them() -> None:
    with_own = changed(BASE, parse(["lorry.gps_braking_ms2=1.8", "lorry.gps_cornering_ms2=1.9"]))
    assert with_own["classes"]["lorry"] == {"gps_braking_ms2": 1.8, "gps_cornering_ms2": 1.9}
    less = changed(with_own, parse(["lorry.gps_braking_ms2=-"]))
    assert less["classes"]["lorry"] == {"gps_cornering_ms2": 1.9}
    assert changed(less, parse(["lorry.gps_cornering_ms2=-"])).get("classes") == BASE.get("classes", {})


def test_every_default_value_is_within_its_bounds() -> None:
    for name in bounds.table():
        bounds.check(name, float(getattr(DEFAULT, name)))


def test_what_cuts_trips_is_all_there_and_cannot_be_changed() -> None:
    names = {row.name for row in fields(Parameters)}
    assert names >= bounds.CUTTING
    for name in bounds.CUTTING:
        assert "does not cut anew" in refused(f"{name}=3")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("gps_braking_ms2", "is not a change"),
        ("=2", "is not a change"),
        ("gps_breaking_ms2=2", "Is it gps_braking_ms2?"),
        ("gps_braking_ms2=fast", "must be a number"),
        ("gps_braking_ms2=nan", "must be from 0.1 to 30 m/s²"),
        ("gps_braking_ms2=inf", "must be from"),
        ("gps_braking_ms2=0", "must be from"),
        ("gps_confidence=2", "must be from 0 to 1; 2 is not"),
        ("night_from_hour=25", "must be from 0 to 24 h"),
        ("prior_harsh_braking=0", "must be from 0.001"),
        ("risk_window_days=90.5", "must be a whole number of days"),
        ("truck.risk_harsh_braking=3", "is one for all"),
        ("truck.night_from_hour=3", "is one for all"),
        ("t/ruck.gps_braking_ms2=3", "is not a class of vehicles"),
        ("risk_harsh_braking=23", "must add up to 100"),
        ("gps_braking_ms2=-", "must be a number"),
    ],
)
def test_what_cannot_be_says_what_to_do(word: str, said: str) -> None:
    assert said in refused(word)


def test_weights_may_move_between_factors() -> None:
    more, less = BASE["risk_phone_use"] + 1, BASE["risk_night_share"] - 1
    made = changed(BASE, parse([f"risk_phone_use={more}", f"risk_night_share={less}"]))
    assert [each.name for each in differences(BASE, made)] == ["risk_phone_use", "risk_night_share"]


def test_without_a_value_that_differs_there_is_no_draft() -> None:
    assert "Nothing differs" in refused()
    assert "Nothing differs" in refused(f"gps_braking_ms2={BASE['gps_braking_ms2']}")


def test_differences_are_words() -> None:
    made = changed(BASE, parse(["gps_confidence=0.5", "lorry.gps_braking_ms2=1.8"]))
    before = BASE["gps_confidence"]
    assert list(differences(BASE, made)) == [
        Differing(None, "gps_confidence", before, 0.5),
        Differing("lorry", "gps_braking_ms2", None, 1.8),
    ]
    assert [each.words for each in differences(BASE, made)] == [
        f"gps_confidence {before:g} → 0.5",
        "lorry.gps_braking_ms2 none → 1.8",
    ]


def test_a_draft_from_another_formula_begins_with_this_release() -> None:
    assert starting_from({"formula": "older", "gps_braking_ms2": 9}) == BASE
    assert starting_from({**BASE, "gps_braking_ms2": 9})["gps_braking_ms2"] == 9
    assert BASE["formula"] == FORMULA
