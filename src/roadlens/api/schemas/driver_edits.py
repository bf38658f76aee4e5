"""What a driver is made of when somebody fills it in: new, whole, or changed in parts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from roadlens.api import fields
from roadlens.api.schemas.answer import example
from roadlens.api.schemas.edits import Body, absent
from roadlens.errors import InvalidInput

_PERSON = {
    "first_name": "Ada",
    "last_name": "Okafor",
    "email": "ada.okafor@example.com",
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


class _Particulars(Body):
    email: fields.Email | None = None
    phone: fields.Phone | None = None
    date_of_birth: fields.DateOfBirth | None = None
    licence_number: fields.LicenceNumber | None = None
    licence_state: fields.LicenceState | None = None
    years_licensed: fields.YearsLicensed | None = None
    address: fields.Line | None = None
    city: fields.Name | None = None
    state: fields.Name | None = None
    zip_code: fields.ZipCode | None = None


class DriverReplacement(_Particulars):
    """A whole driver: what is left out is cleared."""

    model_config = example(_PERSON)

    first_name: fields.Name
    last_name: fields.Name


class NewDriver(DriverReplacement):
    model_config = example({"driver_id": None, **_PERSON})

    driver_id: fields.ChosenId | None = Field(default=None, description="Without it the next free DRV-0001 is given.")


class DriverPatch(_Particulars):
    """JSON merge patch (RFC 7396): what is left out stays, null clears."""

    model_config = example({"phone": "+1 555 0199", "address": None})

    first_name: fields.Name = absent()
    last_name: fields.Name = absent()


def check_driver(driver: Mapping[str, Any]) -> None:
    """Compare the fields that must agree.

    Raises:
        InvalidInput: the driver cannot have been licensed that long.
    """
    born, years = driver.get("date_of_birth"), driver.get("years_licensed")
    if born is None or years is None:
        return
    at_most = max(0, fields.age(born, datetime.now(UTC).date()) - fields.YOUNGEST_DRIVER)
    if years > at_most:
        raise InvalidInput(
            f"Who was born on {born.isoformat()} cannot have been licensed for {years} years: at most {at_most}, for "
            f"nobody drives before {fields.YOUNGEST_DRIVER}.",
            field="years_licensed",
        )
