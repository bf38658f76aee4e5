"""An id that leads to another operation is noticed, for then that one answered."""

from __future__ import annotations

import pytest

from fuzzing.cases import came_elsewhere

VEHICLE, DEVICE = "/vehicles/{vehicle_id}", "/devices/{unique_id}"


@pytest.mark.parametrize(
    ("path", "asked", "elsewhere"),
    [
        (VEHICLE, "/vehicles/VEH-1?x=/", False),
        (VEHICLE, "/vehicles/a%0Ab", False),
        (VEHICLE, "/vehicles/", True),
        (VEHICLE, "/vehicles", True),
        (VEHICLE, "/vehicles/a%2Fb", True),
        (DEVICE, "/devices/a/b", False),
        (DEVICE, "/devices/a/assignments", True),
        (f"{DEVICE}/assignments", "/devices/a/b/assignments", False),
    ],
)
def test_where_a_request_came(path: str, asked: str, elsewhere: bool) -> None:
    assert came_elsewhere(path, f"http://roadlens.test{asked}") == elsewhere
