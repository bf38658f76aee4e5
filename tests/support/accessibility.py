"""Asks axe-core whether a page can be used by everybody, and measures whether things move while it loads."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from playwright.async_api import Page

GRAVE = ("serious", "critical")

# Summed up over the whole life of a page, unlike the figure that search engines show: nothing may move at any time.
WATCH_SHIFTS = """
globalThis.shifts = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) {
    const moved = one.sources.map(({ node }) => node?.closest?.("[class]")?.className ?? node?.nodeName);
    if (!one.hadRecentInput) globalThis.shifts.push({ value: one.value, moved });
  }
}).observe({ type: "layout-shift", buffered: true });
"""


@cache
def _axe() -> str:
    """axe.min.js out of a Python package that carries it, of which nothing else is used."""
    spec = find_spec("axe_playwright_python")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return (Path(spec.submodule_search_locations[0]) / "axe.min.js").read_text()


async def violations(page: Page) -> list[str]:
    """What axe-core finds serious or critical on the page as it is now: the rule, and where it is broken."""
    await page.evaluate(f"() => {{ {_axe()} }}")
    found = await page.evaluate("() => axe.run({ resultTypes: ['violations'] })")
    assert found["passes"], "axe-core has looked at nothing"
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]


async def shifts(page: Page) -> tuple[float, list[str]]:
    """How far things have moved since the page was opened, and which. `WATCH_SHIFTS` is an init script of it."""
    seen = await page.evaluate("globalThis.shifts")
    return sum(one["value"] for one in seen), [f"{one['value']:.4f} {one['moved']}" for one in seen]
