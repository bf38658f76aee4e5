"""Invented people: nobody twice, valid VINs, nothing that belongs to somebody."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from roadlens.telemetry.demo.people import check_digit, enlist

UNTIL = datetime(2026, 3, 20, 18, tzinfo=UTC)
FIRST = UNTIL - timedelta(days=60)
FLEET = list(enlist(1, 600, FIRST, UNTIL))
DRIVERS = [member.driver for member in FLEET]
VEHICLES = [vehicle for member in FLEET for vehicle in member.vehicles]


def test_the_check_digit_is_that_of_known_vins() -> None:
    """The first is the worked example of the standard's Wikipedia article, the second is all ones."""
    assert check_digit("1M8GDM9AXKP042788") == "X"
    assert check_digit("11111111111111111") == "1"


def test_vins_are_valid_and_unique() -> None:
    vins = [str(vehicle.vin) for vehicle in VEHICLES]
    assert len(set(vins)) == len(vins)
    for vin in vins:
        assert re.fullmatch(r"1D9[A-HJ-NPR-Z0-9]{14}", vin)
        assert vin[8] == check_digit(vin)


def test_nobody_is_twice() -> None:
    for values in (
        [driver.email for driver in DRIVERS],
        [(driver.licence_state, driver.licence_number) for driver in DRIVERS],
        [claim.unique_id for member in FLEET for claim in member.claims],
    ):
        assert len(set(values)) == len(values)


def test_addresses_and_numbers_are_of_ranges_set_aside_for_fiction() -> None:
    for driver in DRIVERS:
        assert re.fullmatch(r"[a-z]+\.[a-z]+(\.\d+)?@example\.(com|net|org)", str(driver.email))
        assert re.fullmatch(r"\+1 \d{3} 555 01\d\d", str(driver.phone))


def test_ages_and_moments_are_plausible() -> None:
    for driver in DRIVERS:
        assert driver.date_of_birth is not None
        assert driver.years_licensed is not None
        age = (UNTIL.date() - driver.date_of_birth).days // 365
        assert 18 <= age <= 85
        assert 0 <= driver.years_licensed <= age - 16
        assert driver.created_at < UNTIL
    assert all(2005 <= (vehicle.model_year or 0) <= UNTIL.year for vehicle in VEHICLES)


def test_some_have_two_vehicles_at_once_and_some_one_after_the_other() -> None:
    assert {(len(member.claims), len(member.vehicles), member.moved_at is None) for member in FLEET} == {
        (1, 1, True),
        (2, 2, True),
        (1, 2, False),
    }


def test_the_same_seed_is_the_same_fleet_and_a_larger_one_begins_with_it() -> None:
    smaller = [(member.driver, member.vehicles) for member in enlist(1, 50, FIRST, UNTIL)]
    assert smaller == [(member.driver, member.vehicles) for member in FLEET[:50]]
    assert smaller != [(member.driver, member.vehicles) for member in enlist(2, 50, FIRST, UNTIL)]
