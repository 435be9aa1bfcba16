"""Reading, naming, drawing and serving results: no torch, and no method is imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import made_results

ASKED = """
import sys
from pathlib import Path
import untrain.cli.dash, untrain.cli.report, untrain.dash.server, untrain.report.export
import untrain.report.page
from untrain.dash.pages import Pages
from untrain.report.reading import read_report
from untrain.report.sections import sections

root = Path(sys.argv[1])
report = read_report([root / "store"])
said = [section.answer(report, report.tables[-1]) for section in sections()]
assert all(said), said
assert "CoUn" in said[0].sentence
pages = Pages(root)
assert pages.listed()["runs"]
assert pages.results.report("store/synthetic-laptop").tables
lost = [name for name in sys.modules if name == "torch" or name.startswith("untrain.methods.")]
assert not lost, lost
"""


def test_a_report_and_a_dashboard_need_no_torch(tmp_path: Path) -> None:
    made_results.write(tmp_path / "store", requests=2, seeds=1, methods=["coun"], points=20)
    words = [sys.executable, "-c", ASKED, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
