"""`untrain demo`: two requests on embedded digits, from training to table and picture."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from untrain.progress import Progress, say

if TYPE_CHECKING:
    from untrain.config import DataConfig
    from untrain.demo.story import Finding
    from untrain.metrics.audit import Audit
    from untrain.metrics.evidence import View

HOLDOUT = 0.2
"""Digits are few: half of this share is the audit's reference."""
DIGIT = 8
"""The class of the first request."""
AGAIN = "retrain-2"
"""A second Retrain with another seed: how far two exact answers lie apart."""


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """Where the demo writes, and its chance."""

    out: Path | None = None
    """Folder for runs, tables and the picture; default: demo, or demo-SEED."""
    seed: int = 0
    """Seed of the splits, the weights and the wrong labels."""
    report: bool = True
    """Judge the models as well, and leave report.html; half of the time."""


@dataclass(frozen=True)
class Told:
    """A request, carried out: its table, its views by model, and what was found."""

    title: str
    audit: Audit
    views: dict[str, View]
    classes: list[str]
    digit: int
    findings: list[Finding]


def run(args: list[str]) -> int:
    import time

    import tyro

    from untrain.cli import demo_page

    options = tyro.cli(DemoOptions, args=args, prog="untrain demo", description=__doc__)
    out = options.out or Path("demo" if options.seed == 0 else f"demo-{options.seed}")
    started = time.monotonic()
    told = {
        "class": forget_a_class(out / "class", options.seed),
        "labels": forget_wrong_labels(out / "labels", options.seed),
    }
    for one in told.values():
        print(f"\n== {one.title}\n")
        print("\n".join(finding.sentence for finding in one.findings))
        print()
        print(_table(one.audit))
    _write(out, told)
    if options.report:
        demo_page.leave(out)
    say(f"\nDone in {time.monotonic() - started:.0f} s. Other commands take these runs:")
    folder = out / "class"
    say(f"  {called()} audit {folder}/original {folder}/coun --retrain {folder}/retrain")
    return 0


def called() -> str:
    """How the command is called here: by its name, or by its path where the name is unknown."""
    beside = Path(sys.executable).with_name("untrain")
    return "untrain" if shutil.which("untrain") or not beside.exists() else os.path.relpath(beside)


def forget_a_class(folder: Path, seed: int) -> Told:
    """Request one: everything of one class."""
    from untrain.config import DataConfig
    from untrain.demo import story

    data = DataConfig(holdout=HOLDOUT, split_seed=seed)
    audit, views, classes = carry_out(folder, data, f"class:{DIGIT}", seed)
    findings = [
        story.class_is_gone(views, classes[DIGIT], "coun"),
        story.goes_where_retrain_sends_it(views, classes, "coun", AGAIN),
        story.useful(audit, "coun"),
        story.cheaper(audit, "coun"),
    ]
    return Told(f"Forget every {classes[DIGIT]}", audit, views, classes, DIGIT, findings)


def forget_wrong_labels(folder: Path, seed: int) -> Told:
    """Request two: images by id, which a careless labeller got wrong."""
    from untrain.demo import story
    from untrain.demo.wrong_labels import Mistake, write

    mistake = Mistake()
    data, ids = write(folder / "data", mistake, holdout=HOLDOUT, seed=seed)
    audit, views, classes = carry_out(folder, data, f"ids:{ids}", seed)
    findings = [
        story.labels_no_longer_hurt(views, mistake.true, "coun"),
        story.useful(audit, "coun"),
        story.cheaper(audit, "coun"),
    ]
    count = len(views["coun"].forget)
    title = f"Forget {count} images of a {mistake.true} that were labelled {mistake.given}"
    return Told(title, audit, views, classes, mistake.true, findings)


def carry_out(
    folder: Path, data: DataConfig, rule: str, seed: int
) -> tuple[Audit, dict[str, View], list[str]]:
    """Train Original and Retrain (twice, for the floor), unlearn with FT and CoUn, and audit."""
    from untrain.config import ModelConfig
    from untrain.data.sets.splits import forget
    from untrain.engine.device import Device
    from untrain.methods import FT, CoUn, Retrain
    from untrain.metrics.audit import audit
    from untrain.metrics.evidence import view
    from untrain.runs.execute import execute
    from untrain.runs.gather import gather
    from untrain.runs.plan import Plan

    images, whole = data.load()
    split = forget(whole, rule, images, data.split_seed)
    recipe = Retrain(epochs=30, batch=64, lr=0.05, schedule="linear", warmup=0.15)
    first = Plan(
        images=images, split=whole, data=data, model=ModelConfig(), method=recipe, seed=seed
    )
    again = replace(first, split=split, forget=rule)
    start = replace(again, original=folder / "original")
    plans = {
        "original": first,
        "retrain": again,
        AGAIN: replace(again, seed=seed + 1),
        "ft": replace(start, method=FT(epochs=8, batch=64, lr=0.2)),
        "coun": replace(start, method=CoUn(epochs=8, batch=64, lr=0.2, lam=0.1)),
    }
    for name, plan in plans.items():
        with Progress(f"{folder.name}: {name}", plan.method.length, every=20) as progress:
            execute(plan, folder / name, Device(threads=1), progress.observe)
    runs = tuple(folder / name for name in ("original", "ft", "coun"))
    again_runs = (folder / "retrain", folder / AGAIN)
    found = gather(runs, again_runs)
    subjects, retrains, keys = found.subjects, found.retrains, found.keys
    views = {s.label: view(s.evidence, keys) for s in (retrains[0], *subjects)}
    views[AGAIN] = view(retrains[1].evidence, keys)
    return audit(subjects, retrains, keys, title=found.title), views, images.classes


def _table(audit: Audit) -> str:
    from untrain.metrics.table import text

    return text(audit, glossary=False)


def _write(out: Path, told: dict[str, Told]) -> None:
    """Tables as Markdown, findings as JSON, and the picture."""
    from untrain.files import atomic, write_json
    from untrain.metrics.table import markdown
    from untrain.report import picture

    with atomic(out / "tables.md") as draft:
        draft.write_text("\n\n".join(markdown(one.audit) for one in told.values()) + "\n")
    summary = {name: _summary(one) for name, one in told.items()}
    write_json(out / "summary.json", summary)
    say(f"\nTables: {out / 'tables.md'}\nFindings: {out / 'summary.json'}")
    if picture.available():
        picture.save(out / "picture.png", summary)
        say(f"Picture: {out / 'picture.png'}")
    else:
        say("Picture: not drawn; it needs the extra: pip install '.[report]'")


def _summary(one: Told) -> dict[str, Any]:
    """A request as plain values: findings, measures, and what the picture shows."""
    from untrain.demo.story import recognised
    from untrain.metrics.accuracy import destinations
    from untrain.metrics.table import values

    classes = len(one.classes)
    return {
        "title": one.title,
        "findings": [asdict(finding) for finding in one.findings],
        "audit": values(one.audit),
        "destinations": {n: destinations(v.forget, classes).tolist() for n, v in one.views.items()},
        "recognised": {n: recognised(v, one.digit) for n, v in one.views.items()},
    }
