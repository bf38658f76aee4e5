"""Versions of the scoring: thresholds, weights and means, with their units and sources."""

from __future__ import annotations

import datetime
from typing import Literal, Self

from pydantic import Field

from roadlens.api.schemas.answer import Answer, example
from roadlens.scoring import bounds
from roadlens.scoring.drafting import differences
from roadlens.storage.reads.score_versions import ScoreVersion

State = Literal["draft", "rebuilding", "ready", "active", "retired"]


class DifferingValue(Answer):
    name: str
    vehicle_class: str | None = Field(description="The vehicles that it is for; null: all.")
    active: float | None = Field(description="In the active version; null: it has none of its own for that class.")
    value: float | None = Field(description="In this one.")


class ScoreVersionLine(Answer):
    version: int
    state: State = Field(
        description="`active` scores; `rebuilding` and `ready` wait beside it; `retired` did once; `draft` never."
    )
    progress: float | None = Field(description="The share of history scored, 0 to 1, while it is `rebuilding`.")
    formula: str
    note: str | None
    created_at: datetime.datetime
    differs: list[DifferingValue] = Field(description="Values that are not those of the active version.")

    @classmethod
    def of(cls, row: ScoreVersion, active: ScoreVersion) -> Self:
        return cls.model_validate(_line(row, active))


class ScoreVersions(Answer):
    model_config = example(
        {
            "items": [
                {
                    "version": 2,
                    "state": "ready",
                    "progress": None,
                    "formula": "relativity-2",
                    "note": "Lorries brake less hard",
                    "created_at": "2026-05-04T09:10:00Z",
                    "differs": [{"name": "gps_braking_ms2", "vehicle_class": "truck", "active": None, "value": 1.8}],
                }
            ]
        }
    )

    items: list[ScoreVersionLine]


class ScoreValue(Answer):
    name: str
    value: float | None = Field(description="Null where the version's formula has no such value.")
    active: float | None = Field(description="The active version's.")
    unit: str
    source: str


class ClassValues(Answer):
    vehicle_class: str
    values: list[ScoreValue] = Field(description="What these vehicles have of their own.")


class ScoreVersionDetail(ScoreVersionLine):
    model_config = example(
        {
            "version": 1,
            "state": "active",
            "progress": None,
            "formula": "relativity-2",
            "note": None,
            "created_at": "2026-05-04T09:10:00Z",
            "differs": [],
            "values": [
                {"name": "risk_phone_use", "value": 16, "active": 16, "unit": "points", "source": "Dingus et al. 2016"}
            ],
            "classes": [],
        }
    )

    values: list[ScoreValue] = Field(description="All of them, in the order of docs/scoring.md.")
    classes: list[ClassValues]

    @classmethod
    def of(cls, row: ScoreVersion, active: ScoreVersion) -> Self:
        own, active_own = row.parameters.get("classes") or {}, active.parameters.get("classes") or {}
        classes = [
            {
                "vehicle_class": name,
                "values": _values(
                    values, active_own.get(name, {}), [each for each in bounds.table() if each in values]
                ),
            }
            for name, values in sorted(own.items())
        ]
        values = _values(row.parameters, active.parameters, list(bounds.table()))
        return cls.model_validate(_line(row, active) | {"values": values, "classes": classes})


def _line(row: ScoreVersion, active: ScoreVersion) -> dict[str, object]:
    differs = [
        {"name": each.name, "vehicle_class": each.vehicle_class, "active": each.before, "value": each.after}
        for each in differences(active.parameters, row.parameters)
    ]
    return {**row._asdict(), "formula": row.parameters.get("formula", ""), "differs": differs}


def _values(values: dict[str, object], active: dict[str, object], names: list[str]) -> list[dict[str, object]]:
    rows = bounds.table()
    return [
        {
            "name": name,
            "value": values.get(name),
            "active": active.get(name),
            "unit": rows[name].unit,
            "source": rows[name].source,
        }
        for name in names
    ]
