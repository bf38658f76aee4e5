"""What Prometheus and Grafana are given: rules, their tests, and the dashboard, as they lie in deploy/."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
GRAFANA = ROOT / "deploy" / "grafana"
DASHBOARD = GRAFANA / "dashboards" / "roadlens.json"

# What a dashboard's variables stand for when somebody looks at all instances.
_VARIABLES = {"$instance": ".*", "$__rate_interval": "1m", "$__range": "1h"}


def rules() -> list[dict[str, Any]]:
    """Every recording rule and every alert."""
    files = sorted(PROMETHEUS.glob("rules/*.yml"))
    groups = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


def rule_cases() -> list[dict[str, Any]]:
    """Each test that `promtool` runs."""
    files = sorted(PROMETHEUS.glob("tests/*.yml"))
    return [test for file in files for test in yaml.safe_load(file.read_text())["tests"]]


class Asked(NamedTuple):
    """An expression of the dashboard, its variables filled in, and the panel that asks for it."""

    panel: str
    expression: str


def panels() -> list[dict[str, Any]]:
    """All of them, rows included."""
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def asked_by_panels() -> Iterator[Asked]:
    for panel in panels():
        for target in panel.get("targets", ()):
            expression = target["expr"]
            for variable, value in _VARIABLES.items():
                expression = expression.replace(variable, value)
            yield Asked(panel["title"], expression)


_NO_SERIES = re.compile(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|ignoring|on)\s*\([^)]*\)')
_KEYWORDS = {"and", "or", "unless", "by", "without", "ignoring", "on", "offset", "bool"}


def series_in(expression: str) -> set[str]:
    """The names of series in an expression, without labels and what belongs to the language."""
    names = re.findall(r"(?<![\w:])[a-zA-Z_][\w:]*\b(?!\s*\()", _NO_SERIES.sub(" ", expression))
    return set(names) - _KEYWORDS
