"""Our own style and scripts, and the policy under which a page runs: nothing is ever fetched."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from importlib.resources import files

STYLES = ("base.css", "parts.css", "tables.css", "print.css")
SCRIPTS = ("library.js", "charts.js", "focus.js", "sheet.js", "page.js")


def style() -> str:
    return "\n".join(_read(name) for name in STYLES)


def script() -> str:
    return "\n".join(_read(name) for name in SCRIPTS)


def policy(scripts: Iterable[str]) -> str:
    """A Content-Security-Policy: only these scripts run, pictures are those in the page, and no
    request leaves it. Styles may be inline, as Vega sets the size of its drawings so."""
    allowed = " ".join(f"'sha256-{_digest(text)}'" for text in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _read(name: str) -> str:
    return (files("untrain.report.page") / "static" / name).read_text("utf-8")
