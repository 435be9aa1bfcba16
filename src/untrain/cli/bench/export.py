"""`untrain bench export STUDY --out FOLDER`: result files small enough to be committed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from untrain.cli.bench.asked import parsed
from untrain.cli.compose import needed
from untrain.cli.doctor import size
from untrain.errors import Problems
from untrain.progress import say


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """What the word itself takes."""

    out: str = ""
    """Folder to write to: records and measures of the finished runs, without weights. A study goes
    on from it: untrain bench run STUDY --take-from FOLDER. Several studies may share one."""


def run(args: list[str]) -> int:
    from untrain.bench.kept.small import export

    problems = Problems()
    about = "Write small result files of a study: no weights, no images, no keys, no paths."
    given = parsed(args, "export", about, problems, options=ExportOptions)
    problems.raise_all()
    out: Path = needed(given.options.out, "--out", "the folder that is written to")
    _, cells, place, found = given.asked.order().standing()
    count = export(place.store, (result.address for result in found.results), out)
    bytes_ = sum(path.stat().st_size for path in out.rglob("*.json"))
    say(f"{count} runs of {len({place.addresses.of(c.job) for c in cells})} written to {out}")
    say(f"it holds {size(bytes_)} now")
    return 0
