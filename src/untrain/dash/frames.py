"""Pages of the dashboard as bytes: what goes around them, and what comes before an answer."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from untrain.report.page import assets
from untrain.version import __version__

HTML, JSON = "text/html; charset=utf-8", "application/json; charset=utf-8"
STRICT = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
STRICT += "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
TITLES = {403: "Refused", 404: "Nothing here", 405: "Read-only", 500: "This went wrong"}


@dataclass(frozen=True)
class Reply:
    """policy: a Content-Security-Policy beside that in the page. name: of the file it is saved as.
    place: where to look instead."""

    body: bytes
    kind: str = HTML
    status: int = 200
    policy: str = "frame-ancestors 'none'"
    name: str = ""
    place: str = ""

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'


def message(status: int, what: str, fix: str = "") -> Reply:
    """A page of one sentence."""
    body = _page("message", TITLES.get(status, "This cannot be shown"), what=what, fix=fix)
    return Reply(body, status=status, policy=STRICT)


def listing(place: str, sets: Sequence[dict[str, Any]]) -> Reply:
    """The page of the list of runs, which asks for them itself."""
    script = static("runs.js")
    body = _page("runs", "Runs", place=place, sets=sets, script=Markup(script))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return Reply(body, policy=f"{STRICT}; script-src 'sha256-{digest}'; connect-src 'self'")


def framed(html: str, links: Sequence[tuple[str, str]], freeze: str) -> Reply:
    """A report with a way back. links: texts and where they lead. freeze: the report as a file."""
    bar = environment().get_template("bar.html.j2")
    top = bar.render(links=links, freeze=freeze, time=time.strftime("%H:%M:%S"))
    html = html.replace("</head>", f"<style>{static('bar.css')}</style>\n</head>", 1)
    return Reply(html.replace('<div class="page">', f'<div class="page">\n{top}', 1).encode())


def _page(template: str, title: str, **about: Any) -> bytes:
    made = environment().get_template(f"{template}.html.j2")
    style = Markup(assets.style() + static("dash.css"))
    return str(made.render(title=title, style=style, version=__version__, **about)).encode()


@cache
def environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("untrain.dash")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined)


@cache
def static(name: str) -> str:
    return (files("untrain.dash") / "static" / name).read_text("utf-8")
