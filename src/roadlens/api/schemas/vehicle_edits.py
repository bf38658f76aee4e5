"""What a vehicle is made of when somebody fills it in: new, whole, or changed in parts."""

from __future__ import annotations

from pydantic import Field

from roadlens.api import fields
from roadlens.api.schemas.answer import example
from roadlens.api.schemas.edits import Body, absent

_VAN = {
    "name": "Van 1",
    "vin": "1FTBW2CM3KKA12345",
    "plate": "8ABC123",
    "make": "Ford",
    "model": "Transit",
    "model_year": 2023,
    "category": "van",
}


class _Particulars(Body):
    vin: fields.Vin | None = None
    plate: fields.Plate | None = None
    make: fields.Name | None = None
    model: fields.Name | None = None
    model_year: fields.ModelYear | None = None
    category: fields.Name | None = None


class VehicleReplacement(_Particulars):
    """A whole vehicle: what is left out is cleared."""

    model_config = example(_VAN)

    name: fields.Name


class NewVehicle(VehicleReplacement):
    model_config = example({"vehicle_id": None, **_VAN})

    vehicle_id: fields.ChosenId | None = Field(default=None, description="Without it the next free VEH-0001 is given.")


class VehiclePatch(_Particulars):
    """JSON merge patch (RFC 7396): what is left out stays, null clears."""

    model_config = example({"plate": "8ABC124", "category": None})

    name: fields.Name = absent()
