"""Audit the runs of `audit_runs.py`, and write the tables of results/audit.

    python benchmarks/audit_table.py random --data-root DATA
    python benchmarks/audit_table.py class  --data-root DATA

Each model is judged by `untrain audit RUN ... --verdict --benchmark`: as a table of methods, of
which none is chosen, so that candidates are not counted. What an audit has trained is kept beside
the run, so that it can be stopped and started. Retrains are judged beside the other Retrains.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
from pathlib import Path

from audit_runs import CLASS, METHODS, RETRAINS
from untrain.cli.main import main
from untrain.files import atomic, write_json


def shown(*args: str) -> str:
    """What a command prints."""
    print("untrain", *args, flush=True)
    kept = io.StringIO()
    with contextlib.redirect_stdout(kept):
        if main(list(args)):
            raise SystemExit(f"untrain {' '.join(args)} has failed")
    return kept.getvalue()


def commands(request: str, runs: str, root: str) -> list[list[str]]:
    """One audit of everything that is no Retrain, and one of each Retrain beside the others."""
    methods = METHODS if request == "random" else CLASS
    names = [f"{runs}/original-0", *(f"{runs}/{request}/{name}-0" for name in methods)]
    retrains = [f"{runs}/{request}/retrain-{seed}" for seed in RETRAINS[request]]
    common = ["--verdict", "--benchmark", "--original", names[0], "--data-root", root]
    common += ["--threads", "1"]
    made = [["audit", *names, "--retrain", *retrains, *common]]
    for one in retrains:
        others = [other for other in retrains if other != one]
        made.append(["audit", one, "--retrain", *others, *common])
    return made


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("request", choices=RETRAINS)
    parser.add_argument("--data-root", required=True)
    parser.add_argument("--runs", default="runs/audit")
    parser.add_argument("--out", default="results/audit", type=Path)
    given = parser.parse_args()
    verdicts = []
    for command in commands(given.request, given.runs, given.data_root):
        found = json.loads(shown(*command, "--json"))
        verdicts += found.get("verdicts", [found])
    for verdict in verdicts:
        verdict.pop("table", None)
        verdict["log"].pop("command", None)  # that of the script which has made the run
    write_json(given.out / f"{given.request}.json", verdicts)
    first, *rest = commands(given.request, given.runs, given.data_root)
    with atomic(given.out / f"{given.request}.md") as draft:
        draft.write_text(shown(*first, "--md"))
    page = f"{given.runs}/{given.request}/ft-0/audit/verdict.md"
    with atomic(given.out / f"{given.request}-page-ft.md") as draft:
        lines = Path(page).read_text().splitlines(keepends=True)
        draft.write_text("".join(line for line in lines if not line.startswith("- command:")))
    names = [word for word in first if word.startswith(given.runs)]
    names = list(dict.fromkeys(names))
    retrains = [name for name in names if "/retrain-" in name and name[-1].isdigit()]
    retrains = [name for name in retrains if "short" not in name]
    others = [name for name in names if name not in retrains]
    more = ["audit", *others, "--retrain", *retrains, "--details", "--data-root", given.data_root]
    with atomic(given.out / f"{given.request}-details.md") as draft:
        draft.write_text(shown(*more, "--md"))
