"""The model finds the coefficients that claims were drawn by, says how sure it is, and refuses where it cannot know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest

from roadlens.calibration.calibrate import Calibrated, calibrate
from roadlens.calibration.claims import Period
from roadlens.calibration.fit import fit
from roadlens.calibration.policies import Policy
from roadlens.errors import InvalidInput
from roadlens.scoring.premium import Observed
from tests.support.claims import portfolio

TRUE = {"harsh_braking": 0.6, "speeding_share": 0.3, "night_share": 0.0}


def fitted(policies: list[Policy], *, without: Sequence[str] = (), folds: int = 5, seed: int = 1) -> Calibrated:
    return calibrate(policies, fit, without=without, folds=folds, seed=seed)


def distances(done: Calibrated) -> Any:
    """How many standard errors each coefficient is from the true one."""
    true = [TRUE[name] for name in done.portfolio.factors]
    return (done.fitted.coefficients - true) / done.fitted.standard_errors


@pytest.mark.parametrize("scatter", [0.0, 1.5])
def test_known_coefficients_are_found_again(scatter: float) -> None:
    done = fitted(portfolio(TRUE, seed=11, scatter=scatter))
    assert done.portfolio.factors == list(TRUE)
    assert np.abs(distances(done)).max() < 3
    assert done.fitted.standard_errors.max() < 0.12
    assert (done.fitted.dispersion > 1.2) == bool(scatter)


@pytest.mark.parametrize("scatter", [0.0, 1.5])
def test_intervals_are_as_wide_as_they_say(scatter: float) -> None:
    """Over many portfolios the distances scatter like a standard normal: also where Poisson's own errors would lie."""
    found = np.array(
        [distances(fitted(portfolio(TRUE, seed=seed, drivers=600, scatter=scatter), folds=2)) for seed in range(60)]
    )
    assert np.abs(found.mean(axis=0)).max() < 0.5
    assert found.std() == pytest.approx(1, abs=0.15)
    assert (np.abs(found) < 1.96).mean() > 0.9


def test_claims_that_nothing_explains_give_relativities_of_1() -> None:
    done = fitted(portfolio(dict.fromkeys(TRUE, 0.0), seed=5))
    assert np.abs(done.fitted.coefficients / done.fitted.standard_errors).max() < 3
    assert np.abs(done.fitted.coefficients).max() < 0.2
    assert done.held_out.gini == pytest.approx(0, abs=0.05)
    assert abs(done.held_out.deviance_explained) < 0.01


def test_twice_the_exposure_halves_the_frequency_and_nothing_else() -> None:
    policies = portfolio(TRUE, seed=3)
    doubled = [each._replace(period=each.period._replace(exposure=2 * each.period.exposure)) for each in policies]
    once, twice = fitted(policies), fitted(doubled)
    assert twice.fitted.coefficients == pytest.approx(once.fitted.coefficients, abs=1e-6)
    assert once.fitted.intercept - twice.fitted.intercept == pytest.approx(np.log(2), abs=1e-6)


def test_who_has_claims_because_he_is_there_longer_is_not_riskier() -> None:
    """The same rates, but wild drivers have half the years: without the offset braking would seem to prevent claims."""
    policies = portfolio({"harsh_braking": 0.0}, seed=9)
    wild = [each.factors["harsh_braking"].credible > 2 for each in policies]
    chance = np.random.default_rng(2)
    unequal = [
        each._replace(period=each.period._replace(exposure=years, claims=int(chance.poisson(0.5 * years))))
        for each, is_wild in zip(policies, wild, strict=True)
        for years in (0.5 if is_wild else 1.0,)
    ]
    done = fitted(unequal)
    assert abs(done.fitted.coefficients[0]) < 3 * done.fitted.standard_errors[0] < 0.3


def test_a_model_that_is_right_parts_drivers_it_has_not_seen() -> None:
    done = fitted(portfolio(TRUE, seed=11))
    assert done.held_out.gini is not None
    assert 0.15 < done.held_out.gini < 0.5
    assert len(done.held_out.gini_of_folds) == 5
    rates = [group.claims / group.exposure_years for group in done.held_out.deciles]
    assert rates[-1] > 2 * rates[0]
    for group in done.held_out.deciles:
        assert group.claims == pytest.approx(group.expected_claims, rel=0.3)


def test_the_same_seed_gives_the_same_folds() -> None:
    policies = portfolio(TRUE, seed=11, drivers=500)
    first, again, other = (fitted(policies, seed=seed).held_out for seed in (1, 1, 2))
    assert first == again != other


def test_a_factor_with_the_wrong_sign_is_named() -> None:
    done = fitted(portfolio({"harsh_braking": -0.5, "speeding_share": 0.4}, seed=4))
    (warning,) = [each for each in done.warnings if "fewer claims," in each]
    assert warning.startswith("harsh_braking: more of it goes with fewer claims, and that is hardly chance")
    assert "--without harsh_braking" in warning


def test_factors_that_cannot_be_told_apart_are_named() -> None:
    policies = [
        each._replace(factors={**each.factors, "twin": each.factors["harsh_braking"]._replace(credible=twin)})
        for place, each in enumerate(portfolio({"harsh_braking": 0.5}, seed=4))
        for twin in (each.factors["harsh_braking"].credible * (1 + 0.01 * (place % 3)),)
    ]
    assert any("nearly the same" in warning for warning in fitted(policies).warnings)
    assert not any("nearly the same" in warning for warning in fitted(portfolio(TRUE, seed=4)).warnings)


def test_what_nobody_shows_is_not_fitted() -> None:
    """Nobody's phone was heard of: its credible rate then says nothing but how far somebody drives."""
    policies = [
        each._replace(factors={**each.factors, "phone_use": each.factors["night_share"]._replace(observed=0.0)})
        for each in portfolio(TRUE, seed=6)
    ]
    done = fitted(policies, without=["night_share"])
    assert done.portfolio.factors == ["harsh_braking", "speeding_share"]
    assert done.portfolio.unused == {"phone_use": "nobody has shown any", "night_share": "left out as you said"}


def test_few_claims_are_said_to_be_few() -> None:
    done = fitted(portfolio(TRUE, seed=1, drivers=400))
    assert any("fewer than the 1,082 of full credibility" in warning for warning in done.warnings)


@pytest.mark.parametrize(
    ("policies", "without", "says"),
    [
        (portfolio(TRUE, seed=1, drivers=20), (), "are too few for 3 factors: 40 are needed, 10 for each coefficient"),
        ([], (), "0 claims in 0 usable policy periods are too few"),
        (portfolio(TRUE, seed=1), tuple(TRUE), "nothing to fit"),
        (portfolio(TRUE, seed=1, drivers=20), ("age",), "--without age: no such factor: there are harsh_braking, "),
    ],
)
def test_it_refuses_with_what_is_needed(policies: list[Policy], without: tuple[str, ...], says: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        fitted(policies, without=without)
    assert says in caught.value.detail


def policy(number: int, claims: int, driven: float, *, driver: int | None = None, years: float = 1.0) -> Policy:
    """Of a driver of its own, if none is named, who shows so many times the mean of a factor."""
    known = {"night_share": Observed("At night", "share of distance", driven, driven, 1.0)}
    name = f"DRV-{number if driver is None else driver}"
    period = Period(number, name, date(2024, 1, 1), date(2025, 1, 1), claims, years)
    return Policy(period, "low", 20.0, known)


def ordinary(number: int, **others: Any) -> Policy:
    return policy(number, number % 4, 0.5 + number * 7 % 11 / 5, **others)


TWINS = [
    each._replace(factors={**each.factors, "twin": each.factors["night_share"]}) for each in map(ordinary, range(60))
]


@pytest.mark.parametrize(
    "policies",
    [
        pytest.param([policy(n, 50 if n == 0 else 0, 0.5 + n % 7) for n in range(40)], id="one driver's claims"),
        pytest.param([ordinary(n, driver=1) for n in range(40)], id="one driver"),
        pytest.param([policy(0, 30, 0.5), policy(1, 40, 2.0)], id="two policies"),
        pytest.param(TWINS, id="the same factor twice"),
        pytest.param([policy(n, n % 4, 2.0 if n == 3 else 1.0) for n in range(40)], id="one driver differs"),
        pytest.param([policy(n, 3 * (n % 2), 0.5 + n % 2) for n in range(60)], id="claims are known for certain"),
        pytest.param([ordinary(n, years=1e-300 if n == 5 else 1.0) for n in range(60)], id="no time"),
        pytest.param([ordinary(n, years=1e300 if n == 5 else 1.0) for n in range(60)], id="all of time"),
    ],
)
def test_what_no_model_can_be_made_of_is_refused_in_words(policies: list[Policy]) -> None:
    with pytest.raises(InvalidInput, match="The model cannot be fitted"):
        fitted(policies)
