"""What lies in the folder of one run: its record, its measures, the page of its verdict."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any

from untrain.bench.audits import SCHEMA, numbers
from untrain.bench.job import Cell, Result
from untrain.data.sets.hidden import hidden
from untrain.errors import UserError
from untrain.files import TORN, matching
from untrain.joint import kept
from untrain.report.reading.contract import wrong_in, wrong_in_run, wrong_in_verdict
from untrain.report.reading.standins import job_of
from untrain.report.reading.together import wrong_in_joint
from untrain.runs.record import read, rules_of

VERDICTS = 1
"""Schema of verdict.json that this version reads."""
AGAIN, AUDIT = "Measure it again.", "Audit it again."


@dataclass(frozen=True)
class Placed:
    """A finished run at one of its places in the tables."""

    folder: Folder
    cell: Cell


@dataclass(frozen=True)
class Folder:
    """A finished run. run: its run.json. warnings: what is wrong with other files of it. strange:
    those of measures that were read, and do not hold what they should."""

    path: Path
    run: Mapping[str, Any]
    warnings: list[str] = field(default_factory=list)
    strange: list[Path] = field(default_factory=list)

    @property
    def weights(self) -> str:
        return str(self.run["checkpoints"]["child"])

    @property
    def label(self) -> str:
        return str(self.run["label"])

    @property
    def rules(self) -> tuple[str, ...]:
        """The requests behind it."""
        return rules_of(dict(self.run))

    @cached_property
    def measures(self) -> list[Mapping[str, Any]]:
        """Everything that was measured of its weights; files of others, or torn, are told."""
        found: list[Mapping[str, Any]] = []
        for path in matching(self.path / "measures", "[!.]*.json"):
            if not path.name.startswith("joint"):
                content = self._measure(path, SCHEMA, self._wrong)
                if content is not None and content["weights"] == self.weights:
                    found.append(content)
        return found

    @cached_property
    def joints(self) -> list[dict[str, Any]]:
        """What was measured of several models together, and is kept here; the same is told."""
        paths = matching(self.path / "measures", kept.FILES)
        found = (self._measure(path, kept.SCHEMA, wrong_in_joint) for path in paths)
        return [one for one in found if one is not None]

    @property
    def refused(self) -> list[Path]:
        """All files of measures that do not hold what they should."""
        _ = self.measures, self.joints  # which look at them
        return self.strange

    @cached_property
    def verdict(self) -> Mapping[str, Any] | None:
        """The page of `untrain audit RUN`; None if there is none of these weights."""
        path = self.path / "audit" / "verdict.json"
        content = self._kept(path) if path.is_file() else None
        if content is None:
            return None
        if content.get("schema") != VERDICTS:
            self.warnings.append(f"verdict.json is of another version and left out. {AUDIT}")
            return None
        if problem := wrong_in_verdict(content):
            self.warnings.append(f"verdict.json {problem}. {AUDIT}")
            return None
        if content["log"]["checkpoints"].get("child", self.weights) != self.weights:
            self.warnings.append(f"verdict.json is of other weights and left out. {AUDIT}")
            return None
        return content

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def measurable(self) -> bool:
        """Whether its outputs or its weights are there, of which more can be measured."""
        return any((self.path / name).is_file() for name in ("evidence.npz", "model.safetensors"))

    def audits(self, rules: Sequence[str], seeds: Sequence[int] = (0,)) -> dict[str, Any]:
        """Values by name of the audit, of these requests; with the verdict, if there is one."""
        asked = spelled(self.rules or rules, self.run)

        def fits(one: Mapping[str, Any]) -> bool:
            drawn = list(one.get("seeds", (0,)))
            return spelled(one.get("rules", ()), self.run) == asked and drawn == list(seeds)

        found = {str(one["audit"]): one["values"] for one in self.measures if fits(one)}
        return found | ({"verdict": self.verdict} if self.verdict and self.rules else {})

    def result(
        self, cell: Cell, address: str, seeds: Sequence[int] = (0,), choosing: bool = False
    ) -> Result | None:
        """What tables take; None where accuracies were not measured."""
        audits = self.audits(cell.rules, seeds)
        if not audits.get("accuracy"):
            return None
        seen = audits["accuracy"].get("choosing", {}) if choosing else audits["accuracy"]
        cost = self.run["cost"].items()
        return Result(
            cell=cell,
            address=address,
            values=numbers(seen),
            cost={name: value for name, value in cost if isinstance(value, int | float)},
            audits=audits,
            about=self.run,
        )

    def _wrong(self, content: Mapping[str, Any]) -> str:
        """What is wrong with a measure, in itself or beside the run."""
        values, own = content.get("values"), self.run["images"].get("classes")
        problem = wrong_in(content)
        named = None if problem or not values else values.get("classes")
        if named is not None and own and len(named) < len(own):
            problem = f"names {len(named)} classes, where the run has {len(own)}"
        return problem

    def _measure(
        self, path: Path, schema: int, wrong: Callable[[Mapping[str, Any]], str]
    ) -> dict[str, Any] | None:
        """What a file of measures holds; None and a warning for one that is not as it should."""
        content = self._kept(path)
        if content is None:
            return None
        if content.get("schema") != schema:
            problem = f"has schema {content.get('schema')}; this version reads {schema}"
        else:
            problem = wrong(content)
        if problem:
            self.strange.append(path)
            self.warnings.append(f"{path.name} {problem}. {AGAIN}")
        return None if problem else content

    def _kept(self, path: Path) -> dict[str, Any] | None:
        """A JSON object; None and a warning for what is none."""
        try:
            return dict(readable(json.loads(path.read_text())))
        except TORN:
            again = AGAIN if path.parent.name == "measures" else AUDIT
            self.warnings.append(f"{path.name} is half written and left out. {again}")
            return None


def opened(path: Path) -> Folder:
    """The run in a folder. Raises UserError if run.json is missing, damaged or of another schema;
    an unfinished run is a missing one."""
    run = dict(readable(read(path)))
    if lost := wrong_in_run(run):
        raise UserError(f"run.json is damaged: {lost}.", str(path), "Make the run again.")
    job_of(run)
    return Folder(path, run)


def readable(value: Any) -> Any:
    """The same without the two signs that end a line in JavaScript, and so the text of a chart."""
    if isinstance(value, str):
        return re.sub("[\u2028\u2029]", " ", value)
    if isinstance(value, dict):
        return {readable(name): readable(one) for name, one in value.items()}
    return [readable(one) for one in value] if isinstance(value, list) else value


def warned(folders: Iterable[Folder]) -> list[str]:
    """What is wrong with files of runs; the same of several runs is told once."""
    who: dict[str, list[str]] = {}
    for folder in folders:
        for warning in folder.warnings:
            who.setdefault(warning, []).append(folder.name)
    return [f"{_some(list(dict.fromkeys(names)))}: {warning}" for warning, names in who.items()]


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 4 else ""
    return ", ".join(names[:3] if more else names) + more


def spelled(rules: Sequence[str], run: Mapping[str, Any]) -> tuple[str, ...]:
    """Rules in one spelling: classes by name, lists without their folder, and nothing that may
    name a person."""
    classes = run["images"].get("classes") or []

    def one(rule: str) -> str:
        kind, _, what = rule.partition(":")
        if kind in ("ids", "indices"):
            return hidden(f"{kind}:{PurePath(what).name}")
        known = kind == "class" and what.isdigit() and int(what) < len(classes)
        return f"class:{classes[int(what)]}" if known else hidden(rule)

    return tuple(map(one, rules))
