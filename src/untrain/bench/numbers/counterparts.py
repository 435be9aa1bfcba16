"""Which printed row of a paper belongs beside which of our rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from untrain.bench.job import Job, Result
from untrain.bench.numbers.paper import Paper, Printed
from untrain.bench.numbers.statistics import Table

THEIRS = {"neggrad-plus": "neggrad+", "bad-teacher": "badt", "ft+contrastive": "coun"}
"""What papers call our methods, where it is another name."""


def beside(table: Table, paper: Paper, only: Sequence[int] = ()) -> dict[str, Printed]:
    """Row -> the printed row of the same data set, network, request, method and term.

    only: the paper's tables that may be taken; () is all. Of rows that differ in a grid alone none
    has a printed one, as it is not known which settings were printed.
    """
    labels = Counter(row.runs[0].cell.label for row in table.rows)
    found = {}
    for row in table.rows:
        run = row.runs[0]
        block = block_of(table, run)
        if block is None or labels[run.cell.label] > 1 or not whole(run.cell.job):
            continue
        shared = (*only, paper.retrains[block].table) if block in paper.retrains else only
        printed = paper.find(block, theirs(run.cell.job), shared if only else ())
        if printed is not None:
            found[row.label] = printed
    return found


def theirs(job: Job) -> str:
    """The method and its terms as the paper calls them."""
    names = [term.name for term in job.terms]
    name = "+".join([job.method.name, *names])
    if name in THEIRS:
        return THEIRS[name]
    return "+".join([THEIRS.get(job.method.name, job.method.name), *names])


def whole(job: Job) -> bool:
    """Whether it answers one request with all data at hand, as the rows of a paper do."""
    return job.available == 1 and job.forget_data and len(job.rules) == 1


def block_of(table: Table, run: Result) -> tuple[str, str, str] | None:
    """Data set, network and request in a paper's words; None where it has none for them."""
    others = [row.runs[0].cell.job.rules for row in table.rows]
    rules = run.cell.rules or run.cell.job.rules or next(filter(None, others), ())
    images = run.about.get("images", {})
    classes = [str(name) for name in images.get("classes", [])]
    if len(rules) != 1:
        return None
    forget = request(rules[0], classes)
    data = data_set(run.cell.job.data.data, classes)
    model = run.cell.job.model.model or "resnet18"
    return (data, model, forget) if data and forget else None


def request(rule: str, classes: Sequence[str]) -> str:
    """`random:0.1` is random-10%, `class:9` is class-truck; "" for anything else."""
    kind, _, what = rule.partition(":")
    if kind == "random":
        share = float(what) if _number(what) else 0.0
        return f"random-{100 * share:g}%" if 0 < share < 1 else ""
    if kind == "class":
        known = what.isdigit() and int(what) < len(classes)
        return f"class-{classes[int(what)] if known else what}"
    return ""


def data_set(name: str, classes: Sequence[str]) -> str:
    """`tiny-imagenet-32` is tiny-imagenet if it has its 200 classes, at whatever size."""
    if name.startswith("tiny-imagenet"):
        return "tiny-imagenet" if len(classes) in (0, 200) else ""
    return name


def _number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def scale(table: Table) -> str:
    """What our runs differ in from any paper's protocol: width, images, holdout, epochs."""
    retrain = table.retrain or table.rows[0]
    job = retrain.runs[0].cell.job
    told = [f"data {job.data.data}"]
    told += [f"width {job.model.width}"] if job.model.width else []
    told += [f"limit {job.data.limit}"] if job.data.limit else []
    told += [f"holdout {job.data.holdout:g}"]
    epochs = getattr(job.method, "epochs", None)
    told += [f"{epochs} epochs of {retrain.label}"] if epochs else []
    return ", ".join(told)
