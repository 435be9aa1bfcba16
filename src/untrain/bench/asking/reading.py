"""From a study file to a `Study`: every key and value is checked, all problems are told at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from dataclasses import fields as fields_of
from itertools import product
from typing import Any

from untrain.bench.asking.defaults import Usual
from untrain.bench.asking.document import SIZE, Document, document
from untrain.bench.asking.entries import entries
from untrain.bench.asking.sketch import unfit
from untrain.bench.asking.study import PAPERS, Study
from untrain.bench.asking.values import alternatives, check_keys, made, typed
from untrain.config import DataConfig, ModelConfig
from untrain.errors import Problems, UserError, unknown

KINDS = ("random", "class", "subclass", "where", "planted", "ids", "indices")
"""What a forget rule begins with."""
PARTS = ("data", "model", "train", "methods")
"""What has a table of its own."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """Keys at the top of a study file."""

    title: str = ""
    about: str = ""
    paper: str = ""
    tables: list[int] = field(default_factory=list)
    seeds: int | list[int] = 1
    unlearn_seeds: list[int] = field(default_factory=list)
    evaluate_seeds: list[int] = field(default_factory=lambda: [0])
    split_seeds: list[int] = field(default_factory=lambda: [0])
    forget: list[str | list[str]] = field(default_factory=list)
    audits: list[str] = field(default_factory=list)
    choosing: bool = False
    preset: str = ""
    recipe: str = ""


def read_study(name: str, size: str = SIZE) -> Study:
    """Read a study at a size. Raises UserError with all that is wrong in its file."""
    problems = Problems()
    doc = document(name, size)
    head = head_of(doc, problems)
    seeds = {key: _seeds(doc, head, key, problems) for key in _SEEDS}
    requests = _requests(doc, head, problems)
    preset = known_preset(doc, head.preset, problems)
    data = tuple(_grid(doc, "data", DataConfig, preset, problems))
    model = tuple(_grid(doc, "model", ModelConfig, preset, problems))
    train = _train(doc, preset, problems)
    rows = entries(doc, Usual(preset, head.recipe, train), problems)
    problems.add(*unfit(rows, requests, data))
    problems.raise_all()
    return Study(
        name=doc.path.stem,
        file=str(doc.path),
        size=size,
        title=head.title or doc.path.stem,
        about=" ".join(head.about.split()),
        paper=head.paper,
        tables=tuple(head.tables),
        **seeds,
        forget=requests,
        audits=tuple(dict.fromkeys(["accuracy", *head.audits])),
        choosing=head.choosing,
        preset=head.preset,
        recipe=head.recipe,
        data=data,
        model=model,
        train=problems.settled(train),
        methods=tuple(rows),
    )


def head_of(doc: Document, problems: Problems) -> Head:
    """The keys at the top; those that are wrong are told and left at their default."""
    top = {name: value for name, value in doc.tree.items() if name not in PARTS}
    known = [f.name for f in fields_of(Head)]
    check_keys(doc, (), [name for name in doc.tree if name not in PARTS], known, problems, PARTS)
    sound = {k: v for k, v in top.items() if k in known and typed(doc, (k,), Head, k, v, problems)}
    head = Head(**sound)
    _check_paper(doc, head, problems)
    _check_audits(doc, head, problems)
    return head


def _check_paper(doc: Document, head: Head, problems: Problems) -> None:
    """The paper and its tables exist."""
    if head.paper and head.paper not in PAPERS:
        error = unknown("paper", head.paper, PAPERS)
        problems.add(UserError(error.what, doc.where("paper"), error.fix))
    elif head.tables and not head.paper:
        fix = 'Say of which paper: paper = "coun"; or leave them out.'
        problems.add(UserError("'tables' stands without 'paper'.", doc.where("tables"), fix))
    else:
        known = PAPERS.get(head.paper, range(0))
        told = f"{known[0]} to {known[-1]}" if known else "none"
        for number in [number for number in head.tables if number not in known]:
            what = f"The paper '{head.paper}' has no table {number}."
            problems.add(UserError(what, doc.where("tables"), f"Its tables here: {told}."))


def _check_audits(doc: Document, head: Head, problems: Problems) -> None:
    """The audits exist."""
    from untrain.bench.audits import audits

    for name in head.audits:
        if name not in audits.names():
            error = unknown("audit", name, audits.names())
            problems.add(UserError(error.what, doc.where("audits"), error.fix))


_SEEDS = ("seeds", "unlearn_seeds", "evaluate_seeds", "split_seeds")


def _seeds(doc: Document, head: Head, key: str, problems: Problems) -> tuple[int, ...]:
    """Seeds of one kind, from a list or a number of them."""
    given, where = getattr(head, key), doc.where(key)
    if isinstance(given, int):
        if given < 1:
            problems.add(UserError(f"{key} = {given} is none.", where, "Ask for at least one."))
        return tuple(range(given))
    if not given and key != "unlearn_seeds":
        problems.add(UserError(f"{key} is empty.", where, "Name at least one, as [0]."))
    for seed in {seed for seed in given if given.count(seed) > 1}:
        problems.add(UserError(f"{key} names {seed} twice.", where, "Name each seed once."))
    for seed in {seed for seed in given if seed < 0}:
        problems.add(UserError(f"{key} names {seed}.", where, "A seed is 0 or above."))
    return tuple(given)


def _requests(doc: Document, head: Head, problems: Problems) -> tuple[tuple[str, ...], ...]:
    """The requests, each a tuple of rules."""
    where = doc.where("forget")
    if not head.forget and not doc.tree.get("forget"):
        what = (
            "forget is empty." if "forget" in doc.tree else "The study does not say what to forget."
        )
        problems.add(UserError(what, where, 'Name a rule: forget = ["random:0.1"].'))
    found: list[tuple[str, ...]] = []
    for entry in head.forget:
        rules = (entry,) if isinstance(entry, str) else tuple(entry)
        if not rules:
            fix = "Name its rules, or take it out."
            problems.add(UserError("A sequence in forget is empty.", where, fix))
        for rule in rules:
            kind = rule.partition(":")[0]
            if kind not in KINDS:
                fix = f"A rule begins with one of: {', '.join(KINDS)}."
                problems.add(UserError(unknown("forget rule", kind, KINDS).what, where, fix))
        if rules in found:
            fix = "Name each request once."
            problems.add(UserError(f"forget names {' + '.join(rules)} twice.", where, fix))
        found.append(rules)
    return tuple(found)


def known_preset(doc: Document, name: str, problems: Problems) -> str:
    """The study's preset; "" where data, model and training know none of its name."""
    from untrain.methods.retrain import Retrain

    parts: list[Any] = [DataConfig, ModelConfig, Retrain]
    known = sorted({preset for part in parts for preset in part.presets})
    if not name or name in known:
        return name
    fix = f"Presets: {', '.join(known)}."
    problems.add(UserError(unknown("preset", name, known).what, doc.where("preset"), fix))
    return ""


def _table(doc: Document, name: str, problems: Problems) -> dict[str, Any]:
    """A table of the file; {} where there is none, or it is something else, which is told."""
    table = doc.tree.get(name, {})
    if isinstance(table, dict):
        return table
    problems.add(UserError(f"'{name}' is no table.", doc.where(name), f"Write [{name}]."))
    return {}


def _grid(doc: Document, name: str, part: type[Any], preset: str, problems: Problems) -> list[Any]:
    """Every point of the grid that a table spans, as settings of this part."""
    table = _table(doc, name, problems)
    if name == "data" and "split_seed" in table:
        fix = "Write split_seeds = [...] at the top of the file."
        problems.add(UserError("[data] holds split_seed.", doc.where(name, "split_seed"), fix))
    check_keys(doc, (name,), table, [f.name for f in fields_of(part)], problems)
    axes = {
        key: alternatives(doc, (name, key), part, key, value, problems)
        for key, value in table.items()
        if key in {f.name for f in fields_of(part)}
    }
    for source in axes.get("data", []) if name == "data" else []:
        problems.add(*_source(source, doc.where(name, "data")))
    given = part.presets.get(preset, {})
    points = [dict(zip(axes, point, strict=True)) for point in product(*axes.values())]
    configs = [made(doc, (name,), part, given | point, problems) for point in points]
    return [config for config in configs if config is not None]


def _source(source: str, where: str) -> list[UserError]:
    """What is wrong with the name of a data set, before anything is read."""
    from untrain.data.sources import KINDS, NAMES

    kinds = [kind.partition(":")[0] for kind in KINDS]
    if source in NAMES or source.partition(":")[0] in kinds:
        return []
    return [
        UserError(unknown("data set", source, NAMES).what, where, f"One of: {', '.join(NAMES)}.")
    ]


def _train(doc: Document, preset: str, problems: Problems) -> Any:
    """How Originals and Retrains are trained; None where it is wrong, which is told."""
    from untrain.methods.retrain import Retrain

    table = _table(doc, "train", problems)
    check_keys(doc, ("train",), table, [f.name for f in fields_of(Retrain)], problems)
    names = {f.name for f in fields_of(Retrain)}
    own = {k: v for k, v in table.items() if k in names}
    own = {k: v for k, v in own.items() if typed(doc, ("train", k), Retrain, k, v, problems)}
    return made(doc, ("train",), Retrain, {**Retrain.presets.get(preset, {}), **own}, problems)
