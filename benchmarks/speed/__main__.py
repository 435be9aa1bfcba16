"""Speed, side by side with what it replaces.

python -m benchmarks.speed --out runs/bench.json              # all bars, about three minutes
python -m benchmarks.speed --only C3 --only C4                # some
python -m benchmarks.speed --quick                            # equality alone, seconds
python -m benchmarks.speed --table results/bench/run-*.json   # table.md beside the files

Exit code 1 if something that must be equal is not.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import PIL
import torch

from untrain.engine import machine
from untrain.files import atomic, write_json
from untrain.runs.record import commit
from untrain.version import __version__

from . import auditing, data, loss, optimizer, records, steps, streaming, table
from .rounds import QUICK, Case, Size, run

CASES: dict[str, Callable[[Size], Case]] = {
    "C1": data.loader,
    "C2": steps.loop,
    "C3": data.augmentation,
    "C4": loss.contrastive,
    "C5": steps.coun,
    "C6": steps.per_image,
    "C8": optimizer.sgd,
    "C9": records.per_record,
    "C10": auditing.without_training,
    "C11": streaming.streamed,
}


def described() -> dict[str, Any]:
    """The machine and what runs on it."""
    return machine.describe() | {
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "pillow": PIL.__version__,
        "untrain": __version__,
        "commit": commit(),
    }


def bench(names: list[str], size: Size) -> dict[str, Any]:
    """All figures of some bars, on one thread."""
    torch.set_num_threads(1)
    before, found = os.getloadavg()[0], {}
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        found[name] = run(CASES[name](size), size)
    load = {"before": round(before, 2), "after": round(os.getloadavg()[0], 2)}
    quick = size == QUICK
    return {"schema": 1, "quick": quick, "machine": described(), "load": load, "cases": found}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--only", action="append", choices=CASES, help="a bar; may be repeated")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: equality, no speed")
    parser.add_argument(
        "--rounds", type=int, default=0, help="rounds instead of 7; fewer than 5 show little"
    )
    parser.add_argument("--out", type=Path, help="write all figures as JSON")
    parser.add_argument("--table", type=Path, nargs="+", help="JSON files to make table.md of")
    given = parser.parse_args(argv)
    if given.table:
        text = table.markdown([json.loads(path.read_text()) for path in given.table])
        with atomic(given.table[0].parent / "table.md") as draft:
            draft.write_text(text)
        print(text)
        return 0
    size = QUICK if given.quick else Size(rounds=given.rounds or Size.rounds)
    made = bench(given.only or list(CASES), size)
    if given.out:
        write_json(given.out, made)
    print("\n".join(table.checks(made)) if given.quick else table.plain([made]))
    held = all(one["holds"] for case in made["cases"].values() for one in case["checks"])
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
