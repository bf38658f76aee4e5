"""The dashboard, as far as it can be held without a Grafana: its form, its places, and what it asks for."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any

import yaml

from tests.deploy.test_prometheus import unknown
from tests.support.rules import DASHBOARD, GRAFANA, PROMETHEUS, asked_by_panels, panels

COLUMNS = 24
ROWS = ("At a glance", "Traffic", "Cache", "Redis", "Feed and workers", "Database", "Ingest", "Resources")


def cells(panel: dict[str, Any]) -> set[tuple[int, int]]:
    """What of the grid a panel covers."""
    at = panel["gridPos"]
    return {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}


def test_rows_stand_in_their_order() -> None:
    rows = [panel for panel in panels() if panel["type"] == "row"]
    assert tuple(row["title"] for row in rows) == ROWS
    assert rows == sorted(rows, key=lambda row: row["gridPos"]["y"])


def test_panels_have_ids_and_titles_of_their_own_and_do_not_overlap() -> None:
    assert len({panel["id"] for panel in panels()}) == len(panels())
    assert len({panel["title"] for panel in panels()}) == len(panels())
    for one, other in combinations(panels(), 2):
        assert not cells(one) & cells(other), (one["title"], other["title"])
    assert {x for panel in panels() for x, _ in cells(panel)} == set(range(COLUMNS))


def test_each_panel_says_what_it_shows_and_in_which_unit() -> None:
    for panel in panels():
        if panel["type"] != "row":
            assert panel["type"] in ("timeseries", "stat")
            assert len(panel["description"]) > 8
            assert panel["fieldConfig"]["defaults"]["unit"]
            assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]) > 0


def test_panels_ask_only_for_what_there_is_and_of_the_source_that_was_chosen() -> None:
    assert unknown(asked.expression for asked in asked_by_panels()) == set()
    text = DASHBOARD.read_text()
    assert set(re.findall(r'"uid": "([^"]*)"', text)) == {"roadlens", "${datasource}"}
    variables = {variable["name"] for variable in json.loads(text)["templating"]["list"]}
    assert variables == {"datasource", "instance"}
    used = set(re.findall(r"\$\{?(\w+)", text))
    assert used - variables == {"__rate_interval", "__all"}


def test_the_hit_rate_is_the_one_that_others_chart() -> None:
    (hit_rate,) = [asked.expression for asked in asked_by_panels() if asked.panel == "Hit rate by key prefix"]
    hits, misses = (f"sum(rate(cache_{kind}_total[5m])) by (key_prefix)" for kind in ("hits", "misses"))
    assert hit_rate == f"{hits} / ({hits} + {misses})"


def test_provisioning_finds_the_dashboard_and_asks_as_often_as_is_scraped() -> None:
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())["datasources"]
    assert source["type"] == "prometheus"
    scraped = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == scraped
    (provider,) = yaml.safe_load((GRAFANA / "provisioning/dashboards/roadlens.yml").read_text())["providers"]
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"
