"""A trip says what was taken off its score, and for what."""

from __future__ import annotations

import pytest

from tests.support.api import Api
from tests.support.fleet import deliver, drive, open_ingest


async def test_what_was_taken_off_adds_up(api: Api) -> None:
    """Two drives by day, one of them too fast, with the device's own alarms; the class of a vehicle changes nothing."""
    ingest = await open_ingest(api.database)
    await deliver(ingest, "A", drive(0, 3000, 180.0, every=20))
    braking = [
        fix._replace(alarms=1 if 5 <= place < 8 else 0) for place, fix in enumerate(drive(86_400, 3000, every=20))
    ]
    await deliver(ingest, "A", braking)
    scored = [
        await api.answer(f"/admin/trips/{each['trip_id']}") for each in (await api.answer("/admin/trips"))["items"]
    ]
    for trip in scored:
        off = sum(one["points"] for one in trip["deductions"])
        assert off == pytest.approx(100 - trip["trip_score"], abs=1e-9)
        assert off > 0
    assert scored[0]["deductions"] == [
        {"factor": "harsh_braking", "label": "Harsh braking", "points": 8.0, "amount": 3, "amount_unit": "events"}
    ]
    assert {one["factor"]: one["amount_unit"] for one in scored[1]["deductions"]} == {
        "speeding": "events",
        "speeding_share": "km",
    }


async def test_a_score_that_its_version_does_not_explain(fleet: Api) -> None:
    """The known fleet's scores are invented, as one would be whose vehicle was of another class."""
    [trip] = (await fleet.answer("/admin/trips", driver_id="DRV-0002"))["items"]
    assert (await fleet.answer(f"/admin/trips/{trip['trip_id']}"))["deductions"] is None
