"""Every driver's reasons in one file: those that are given for each driver alone."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from roadlens.domain import Role
from tests.api.routes.test_driver_risk import NIGHT_S, braking, delivered
from tests.support import fleet as driving
from tests.support.api import Api
from tests.support.fleet import drive

FILE = "/admin/exports/risk.csv"
PLAIN = ("driver_id", "risk_score", "risk_level", "day", "score_version", "distance_km")


@pytest.fixture
async def drivers(api: Api) -> Api:
    """One with years behind the window, one too little, one with four reasons, one with a tie, one who never drove."""
    await delivered(api.database)
    ingest = await driving.open_ingest(api.database)
    await driving.deliver(ingest, "B", drive(0, 300, every=20))
    for times in (3, 3, 1):
        await driving.deliver(ingest, "C", braking(10 + times, times))
    for day in (20, 21):
        await driving.deliver(ingest, "D", braking(day, 4))
    await driving.deliver(ingest, "E", drive(30 * 86_400 + NIGHT_S, 3000, 180.0, every=20))
    await api.send("POST", "/admin/drivers", {"first_name": "=1+1", "last_name": "Never"})
    return api


async def taken(api: Api, **filters: str) -> list[dict[str, str]]:
    response = await api.get(FILE, Role.VIEWER, **filters)
    assert response.status_code == 200, response.text
    return list(csv.DictReader(io.StringIO(response.text, newline=""), strict=True))


def expected(risk: dict[str, Any]) -> dict[str, str]:
    plain = {name: "" if risk[name] is None else str(risk[name]) for name in PLAIN}
    return plain | {
        "reason_codes": " ".join(reason["code"] for reason in risk["reasons"]),
        "reason_texts": "\n".join(reason["text"] for reason in risk["reasons"]),
    }


async def agree(api: Api, rows: list[dict[str, str]]) -> None:
    for row in rows:
        risk = await api.answer(f"/admin/drivers/{row['driver_id']}/risk")
        assert {name: row[name] for name in (*PLAIN, "reason_codes", "reason_texts")} == expected(risk)


async def test_it_agrees_with_each_driver_s_risk(drivers: Api) -> None:
    rows = await taken(drivers)
    listed = await drivers.answer("/admin/drivers")
    assert [row["driver_id"] for row in rows] == [driver["driver_id"] for driver in listed["drivers"]]
    assert len(rows) == 6
    await agree(drivers, rows)
    codes = [row["reason_codes"].split() for row in rows]
    assert ["too_little_driving"] in codes
    assert [] in codes
    assert max(len(each) for each in codes) > 1
    assert any("Most in a trip on" in row["reason_texts"] for row in rows)


async def test_it_agrees_where_scores_were_put_in(fleet: Api) -> None:
    rows = await taken(fleet)
    assert len(rows) == 4
    await agree(fleet, rows)


async def test_filters_and_orders_are_those_of_the_list(drivers: Api) -> None:
    for filters in ({"risk_level": "high"}, {"risk_level": "medium", "sort": "risk"}, {"search": "never"},
                    {"sort": "risk"}, {"sort": "name", "order": "desc"}):  # fmt: skip
        listed = await drivers.answer("/admin/drivers", **filters)
        rows = await taken(drivers, **filters)
        assert [row["driver_id"] for row in rows] == [driver["driver_id"] for driver in listed["drivers"]], filters


async def test_one_statement_however_many_drivers(drivers: Api) -> None:
    with drivers.statements() as statements:
        await taken(drivers)
    assert len(statements) == 4, "who asks, the entry and whether it was news, and one cursor"


async def test_a_name_is_no_formula(drivers: Api) -> None:
    [row] = await taken(drivers, search="never")
    assert row["first_name"] == "'=1+1"
    assert (row["risk_score"], row["reason_codes"], row["reason_texts"]) == ("", "", "")
