"""Drivers made, replaced, changed and removed by an admin."""

from __future__ import annotations

from tests.support.api import Api

ADA = {
    "first_name": "Ada",
    "last_name": "Okafor",
    "email": "ada@example.com",
    "phone": "+1 555 0100",
    "date_of_birth": "1988-02-29",
    "licence_number": "S5301234",
    "licence_state": "CA",
    "years_licensed": 17,
    "address": "12 Quay Street",
    "city": "Oakland",
    "state": "CA",
    "zip_code": "94607",
}


async def test_a_new_driver_is_there(api: Api) -> None:
    with api.statements() as seen:
        made = await api.send("POST", "/admin/drivers", ADA)
    assert made.status_code == 201, made.text
    assert len(seen) == 3
    assert made.headers["Location"] == "/api/v1/admin/drivers/DRV-0001"
    assert made.headers["ETag"] == '"1"'
    found = await api.answer("/admin/drivers/DRV-0001")
    assert {name: found[name] for name in ADA} == ADA
    assert made.json() == {name: found[name] for name in made.json()}
    assert found["latest_score"] is None
