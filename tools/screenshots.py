"""Takes the pictures of docs/img: every page of the dashboard in both themes, over the demonstration fleet.

The fleet's seed, the window and the language are fixed; days are those up to today, so pictures of another day differ.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import expect

from tests.support.browser import Theme, Window, running_browser
from tests.support.dashboard import Fleet, show, sign_in
from tests.support.installation import Installation
from tests.support.pages import PAGES

IMAGES = Path(__file__).parent.parent / "docs" / "img"
SIZE = (1280, 860)
# Bytes of all pictures together: whoever clones the repository fetches them, and those of before.
MOST = 3_000_000
THEMES: tuple[Theme, Theme] = ("light", "dark")


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    for old in IMAGES.glob("*.png"):
        old.unlink()
    with tempfile.TemporaryDirectory() as directory:
        installation = Installation(Path(directory) / "data")
        installation.run("demo")
        with Fleet.opened(installation) as fleet:
            asyncio.run(_take(fleet))
    sizes = {picture.name: picture.stat().st_size for picture in sorted(IMAGES.glob("*.png"))}
    for name, size in sizes.items():
        print(f"{size / 1000:8.0f} kB  {name}")
    if sum(sizes.values()) > MOST:
        sys.exit(f"Together they are {sum(sizes.values()):,} bytes; at most {MOST:,}.")


async def _take(fleet: Fleet) -> None:
    async with running_browser() as browser:
        for theme in THEMES:
            async with Window.opened(browser, fleet.address, theme=theme, size=SIZE) as window:
                page = await sign_in(window)
                for shown in PAGES:
                    await show(page, shown.address(fleet.named))
                    await page.evaluate("document.activeElement.blur()")
                    await page.wait_for_load_state("networkidle")
                    await expect(page.locator("main .skeleton")).to_have_count(0)
                    _keep(await page.screenshot(animations="disabled"), f"{shown.name}-{theme}.png")


def _keep(picture: bytes, name: str) -> None:
    """With 256 colours, which are enough for text, lines and bars, and a third of the bytes."""
    with Image.open(BytesIO(picture)) as taken:
        few = taken.convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(IMAGES / name, optimize=True)


if __name__ == "__main__":
    main()
