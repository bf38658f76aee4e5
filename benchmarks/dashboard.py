"""How long until somebody who opens the dashboard of a large portfolio sees its numbers? Run by `make bench-dashboard`.

Measured by the browser's own clock, which starts when it is told where to go, in a page that is signed in already:

    numbers     the four cards of the overview have theirs, and the browser has painted them (Element Timing)
    charts      plotly.js is there and has drawn
    bytes       what the first load transfers before plotly.js, headers included, into an empty browser
    list        from the click on a column's head or on "next page" until 100 other drivers are painted

Each navigation is in a window that has never been there (`first`), and then again in it (`again`). The server is warm:
it has been asked before, and what it answers may be kept. Lists are asked for when none is kept (`miss`), and in the
same ways again from another window (`hit`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from playwright.async_api import Browser, Page

from benchmarks.client import Client
from benchmarks.contestants import ask
from benchmarks.installation import PASSWORD, SECRET
from benchmarks.processes import run, server
from tests.support.browser import Window, running_browser
from tests.support.dashboard import settled

RESULT = Path(__file__).parent / "results" / "dashboard.json"
DRIVERS, TRIPS_PER_DRIVER = 100_000, 100
TARGETS = {"numbers_ms": 300, "charts_ms": 1000, "bytes": 100_000, "list_ms": 150}
# The list begins with another one than the first of these.
ORDERS = ("Risk", "ID", "Last trip", "Driver")

# The empty page before the first has no storage.
SIGNED_IN = """
const session = { token: "%s", username: "admin", role: "admin" };
if (location.protocol !== "about:") sessionStorage.setItem("roadlens.session", JSON.stringify(session));
"""

# A frame that begins after a change shows it; the one after that begins when it has been shown.
WATCH = """
globalThis.painted = (looks) => new Promise((done) => {
  const look = () => {
    if (!looks()) return;
    watching.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
  };
  const watching = new MutationObserver(look);
  watching.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  look();
});
const numbers = () => [...document.querySelectorAll(".card .figure")].filter((one) => /[0-9]/.test(one.textContent));
// The browser notes when it has painted the text of what is named so.
new MutationObserver(() => numbers().forEach((one) => one.setAttribute("elementtiming", "number")))
  .observe(document, { subtree: true, childList: true, characterData: true });
globalThis.numbers = new Promise((done) => {
  const seen = [];
  new PerformanceObserver((list) => {
    seen.push(...list.getEntries().map((one) => one.renderTime));
    if (seen.length === 4) done(Math.max(...seen));
  }).observe({ type: "element", buffered: true });
});
globalThis.charts = painted(() => document.querySelector(".js-plotly-plot .main-svg .bars path") !== null);
"""

# What was asked for before plotly.js: the other pages' files come after it.
TRANSFERRED = """() => {
  const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const charts = all.find((one) => one.name.includes("plotly"));
  const before = all.filter((one) => one.startTime < charts.startTime);
  return before.map((one) => [new URL(one.name).pathname, one.transferSize]);
}"""

# Press what the selector finds, and wait until another first and last driver are painted.
PRESS = """async ([selector, text]) => {
  const ids = () => [...document.querySelectorAll("tbody code")].map((code) => code.textContent).join();
  const before = ids();
  const named = (one) => (one.ariaLabel ?? one.textContent).includes(text);
  const pressed = [...document.querySelectorAll(selector)].find(named);
  const began = performance.now();
  const shown = painted(() => ids() !== before && document.querySelectorAll("tbody tr").length === 100);
  pressed.click();
  return (await shown) - began;
}"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, default=Path("bench-data"), help="where portfolios are, or are made")
    arguments.add_argument("--drivers", type=int, default=DRIVERS)
    arguments.add_argument("--rounds", type=int, default=7)
    asked = arguments.parse_args()
    with _warm_server(asked.data / str(asked.drivers), asked.drivers) as client:
        measured = asyncio.run(_measure(client, asked.rounds))
    result = {
        "command": "make bench-dashboard",
        "python": platform.python_version(),
        "machine": platform.machine(),
        "drivers": asked.drivers,
        "rounds": asked.rounds,
        "targets": TARGETS,
        "measured": {name: _told(values) for name, values in measured.items()},
    }
    for name, told in result["measured"].items():
        print(f"{name:24} median {told['median']:>9,}  worst {told['worst']:>9,}")
    if asked.drivers == DRIVERS:
        RESULT.write_text(json.dumps(result, indent=2) + "\n")


@contextmanager
def _warm_server(data_dir: Path, drivers: int) -> Iterator[Client]:
    """An admin's connection to it."""
    print(f"Opening {drivers:,} drivers; a portfolio that is not there is made first", flush=True)
    run(data_dir, "bench", "generate", "--drivers", f"{drivers}", "--trips-per-driver", f"{TRIPS_PER_DRIVER}")
    with server(data_dir, ROADLENS_SECRET_KEY=SECRET, ROADLENS_ADMIN_PASSWORD=PASSWORD) as (_, url):
        yield Client(url)


async def _measure(client: Client, rounds: int) -> dict[str, list[float]]:
    measured: dict[str, list[float]] = defaultdict(list)
    async with running_browser() as browser:
        await _overview(browser, client, defaultdict(list))
        for number in range(rounds):
            await _overview(browser, client, measured)
            status, _, _ = ask(f"{client.url}/api/v1/admin/cache/clear?pattern=*drivers_list*", client.token, {})
            assert status == 200
            for kind in ("miss", "hit"):
                measured[f"list_ms_{kind}"] += await _list(browser, client)
            print(f"round {number + 1} of {rounds}", flush=True)
    return measured


async def _overview(browser: Browser, client: Client, measured: dict[str, list[float]]) -> None:
    async with Window.opened(browser, client.url) as window:
        page = await _ready(window, client.token)
        for when in ("first", "again"):
            await page.goto("about:blank")
            await page.goto("/", wait_until="commit")
            measured[f"numbers_ms_{when}"].append(await page.evaluate("globalThis.numbers"))
            measured[f"charts_ms_{when}"].append(await page.evaluate("globalThis.charts"))
            if when == "first":
                transferred: list[tuple[str, int]] = await page.evaluate(TRANSFERRED)
                measured["bytes"].append(sum(size for _, size in transferred))


async def _list(browser: Browser, client: Client) -> list[float]:
    """Each order, and a page on in it."""
    taken: list[float] = []
    async with Window.opened(browser, client.url) as window:
        page = await _ready(window, client.token)
        await page.goto("/#/drivers?limit=100")
        await settled(page)
        for order in ORDERS:
            for pressed in (["th button", order], [".pager button", "Next page"]):
                taken.append(await page.evaluate(PRESS, pressed))
                await settled(page)
    return taken


async def _ready(window: Window, token: str) -> Page:
    await window.page.add_init_script(SIGNED_IN % token)
    await window.page.add_init_script(WATCH)
    return window.page


def _told(values: list[float]) -> dict[str, Any]:
    return {"median": round(median(values), 1), "worst": round(max(values), 1), "values": [round(v, 1) for v in values]}


if __name__ == "__main__":
    main()
