"""Pages of synthetic results with all sections: small, made in seconds, of many runs as of few."""

from __future__ import annotations

import time
from pathlib import Path

import made_results

from untrain.report.page import render
from untrain.report.reading import read_report
from untrain.report.sections import sections

MB = 1_000_000


def test_a_usual_page_is_small(full: str) -> None:
    assert len(full.encode()) < 2 * MB


def test_many_runs_are_shown_in_seconds_and_within_the_budget(tmp_path: Path) -> None:
    store = made_results.write(tmp_path / "store", methods=12, seeds=10, rule="where:user=17")
    start = time.process_time()
    report = read_report([store])
    assert len(report.runs) == 140
    page = render(report, sections())
    assert time.process_time() - start < 15
    assert len(page.encode()) < 10 * MB
