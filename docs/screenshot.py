"""The picture of a report in the README: the top of a page, light, at twice its size.

python docs/screenshot.py demo/report.html docs/report.png     needs playwright and chromium
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

ARGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb"]


def shoot(page: Path, picture: Path, width: int = 1280, height: int = 900) -> None:
    """Draw the first screen of a page as PNG."""
    from playwright.sync_api import sync_playwright

    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        sys.exit("no chromium here; Debian has it as the package chromium")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=browser, args=ARGS)
        view = started.new_page(
            viewport={"width": width, "height": height},
            device_scale_factor=2,
            color_scheme="light",
        )
        view.goto(page.resolve().as_uri())
        view.evaluate("untrain.all()")
        picture.parent.mkdir(parents=True, exist_ok=True)
        view.screenshot(path=str(picture))
        started.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--height", type=int, default=900)
    asked = parser.parse_args()
    shoot(asked.page, asked.picture, height=asked.height)
