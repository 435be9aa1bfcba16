"""The demo's report: both requests judged, and everything on one page."""

from __future__ import annotations

from pathlib import Path

from untrain.progress import say

TITLE = "A class of digits forgotten, and wrong labels forgotten"
JUDGED = ("ft", "coun")
"""The models that get a verdict."""


def leave(out: Path) -> None:
    """Write out/report.html; without the drawing libraries say what is needed for it."""
    from untrain.cli import page_file, report
    from untrain.errors import UserError

    try:
        page_file.installed("untrain demo")
    except UserError as error:
        return say(f"Report: not written. {error.what} {error.fix}")
    for request in ("class", "labels"):
        judge(out / request)
    page = out / "report.html"
    options = report.ReportOptions(results=(str(out),), title=TITLE, out=str(page), measure="all")
    page_file.write(page, *report.told(report.sets_of(options), options))
    say(f"Report: {page} (open it in a browser; it needs no network)")


def judge(folder: Path) -> None:
    """Verdicts on the unlearned models of a request, kept with their runs."""
    from untrain.cli.audit import AuditOptions, judged
    from untrain.engine.device import Device
    from untrain.errors import Problems

    retrains = (folder / "retrain", folder / "retrain-2")
    options = AuditOptions(
        runs=tuple(folder / name for name in JUDGED),
        retrain=retrains,
        original=str(folder / "original"),
        benchmark=True,
        verdict=True,
        threads=1,
    )
    judged(options, Device(threads=1), Problems())
