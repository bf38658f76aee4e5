"""Every page of the dashboard, once. What must hold for each is tested for all that stand here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """One page.

    Attributes:
        name: also of its pictures.
        path: as in `routes.js`, without `#/`; what begins with `:` stands for an id.
        heading: what it says at its top; None for a page that says whom or what it shows.
        in_nav: whether the nav has it.
    """

    name: str
    path: str
    heading: str | None = None
    in_nav: bool = False

    def address(self, named: Mapping[str, str]) -> str:
        """Its address, with `named` ids such as `{"driver_id": "DRV-0001"}`."""
        return "#/" + "/".join(named[step[1:]] if step.startswith(":") else step for step in self.path.split("/"))


PAGES = (
    Shown("overview", "", "Overview", in_nav=True),
    Shown("drivers", "drivers", "Drivers", in_nav=True),
    Shown("driver", "drivers/:driver_id"),
    Shown("trips", "trips", in_nav=True),
    Shown("trip", "trips/:trip_id"),
    Shown("events", "events", in_nav=True),
    Shown("vehicles", "vehicles", "Vehicles", in_nav=True),
    Shown("vehicle", "vehicles/:vehicle_id"),
    Shown("scoring", "scoring", "Scoring", in_nav=True),
    Shown("users", "users", "Users", in_nav=True),
    Shown("audit", "audit", "Audit log"),
    Shown("cache", "cache", "Cache", in_nav=True),
    Shown("account", "account"),
)
