"""How often each sentence of the demo holds: python benchmarks/demo_seeds.py --seeds 20

Runs `untrain demo` with seeds 0, 1, ... and counts. Seeds that are there already are read only.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from untrain.cli.main import main
from untrain.files import write_json

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--runs", type=Path, default=Path("runs/demo"))
    parser.add_argument("--out", type=Path, default=Path("results/demo"))
    given = parser.parse_args()
    held: Counter[str] = Counter()
    for seed in range(given.seeds):
        folder = given.runs / str(seed)
        if not (folder / "summary.json").exists():
            assert main(["demo", "--out", str(folder), "--seed", str(seed)]) == 0
        summary = json.loads((folder / "summary.json").read_text())
        for request, told in summary.items():
            for finding in told["findings"]:
                held[f"{request}: {finding['claim']}"] += finding["holds"]
    write_json(given.out / "sentences.json", {"seeds": given.seeds, "held": dict(held)})
    for claim, count in held.items():
        print(f"{count:3d} of {given.seeds}  {claim}")
