"""Rules: all are documented, all are tested both ways, and none asks for what is not there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from roadlens.observability.table import TABLE, Kind
from tests.support.rules import PROMETHEUS, ROOT, alerts, rule_cases, rules, series_in

ALERTS_PAGE = ROOT / "docs" / "alerts.md"
METRICS_PAGE = ROOT / "docs" / "metrics.md"


def known_series() -> set[str]:
    """What a scrape and the recording rules give."""
    known = {"up", *(rule["record"] for rule in rules() if "record" in rule)}
    for metric in TABLE:
        endings = ("_bucket", "_sum", "_count") if metric.kind is Kind.HISTOGRAM else ("",)
        known |= {f"{metric.name}{ending}" for ending in endings}
    return known


def unknown(expressions: Iterable[str]) -> set[str]:
    return {name for expression in expressions for name in series_in(expression)} - known_series()


def test_rules_ask_only_for_what_there_is() -> None:
    assert unknown(rule["expr"] for rule in rules()) == set()
    assert unknown(["sum by (job) (rate(invented_total[5m]))"]) == {"invented_total"}


def test_tests_give_only_what_there_is() -> None:
    given = [series["series"] for test in rule_cases() for series in test["input_series"]]
    assert unknown(given) == set()


def test_every_alert_says_how_bad_it_is_what_it_means_and_what_to_do() -> None:
    names = [alert["alert"] for alert in alerts()]
    assert len(names) == len(set(names))
    for alert in alerts():
        assert alert["labels"]["severity"] in ("critical", "warning")
        said = alert["annotations"]
        assert len(said["summary"]) < 60
        assert len(said["description"]) > 80
        assert said["runbook"] == f"docs/alerts.md#{alert['alert'].lower()}"


def test_every_alert_has_a_section_in_the_runbook_and_no_other_has() -> None:
    page = ALERTS_PAGE.read_text()
    sections = dict(re.findall(r"^### (\w+)\n\*(\w+),", page, re.MULTILINE))
    assert sections == {alert["alert"]: alert["labels"]["severity"].capitalize() for alert in alerts()}


def test_the_runbook_asks_only_for_what_there_is() -> None:
    names = r"`([a-z_]+(?::[a-z_0-9]+)+|[a-z]+_[a-z_]+(?:_total|_seconds|_bytes))`"
    named = set(re.findall(names, ALERTS_PAGE.read_text()))
    assert named
    assert named - known_series() - {metric.name for metric in TABLE} == set()


def test_every_alert_is_tested_firing_and_silent() -> None:
    """`promtool` holds what each look expects; here it is held that there is one of each kind for each alert."""
    fires: set[str] = set()
    silent: set[str] = set()
    for test in rule_cases():
        looks = [look for look in test["promql_expr_test"] if "ALERTS" in look["expr"]]
        fired = {name for look in looks for name in re.findall(r'alertname="(\w+)"', str(look["exp_samples"]))}
        fires |= fired
        if any(not look["exp_samples"] for look in looks):
            silent |= fired
    assert fires == silent == {alert["alert"] for alert in alerts()}


def test_the_configuration_scrapes_the_job_that_rules_ask_for_and_takes_all_rules() -> None:
    configuration = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    assert configuration["rule_files"] == ["rules/*.yml"]
    assert "roadlens" in {job["job_name"] for job in configuration["scrape_configs"]}


@pytest.mark.parametrize("page", [METRICS_PAGE, ALERTS_PAGE], ids=lambda page: page.name)
def test_links_of_the_pages_lead_somewhere(page: Path) -> None:
    linked = re.findall(r"\]\(([\w./-]+\.md)\)", page.read_text())
    assert linked
    assert [name for name in linked if not (page.parent / name).exists()] == []
