"""What lies in the folder of one run: its record, its measures, the page of its verdict."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any

from untrain.bench.audits import SCHEMA, numbers
from untrain.bench.job import Cell, Result
from untrain.data.sets.hidden import hidden
from untrain.errors import UserError
from untrain.files import TORN
from untrain.report.reading.contract import wrong_in, wrong_in_run, wrong_in_verdict
from untrain.report.reading.standins import job_of
from untrain.runs.record import read, rules_of

VERDICTS = 1
"""Schema of verdict.json that this version reads."""


@dataclass(frozen=True)
class Placed:
    """A finished run at one of its places in the tables."""

    folder: Folder
    cell: Cell


@dataclass(frozen=True)
class Folder:
    """A finished run. run: its run.json. Raises UserError when made by `opened` and damaged."""

    path: Path
    run: Mapping[str, Any]
    warnings: list[str] = field(default_factory=list)

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
        for path in sorted((self.path / "measures").glob("[!.]*.json")):
            if path.name.startswith("joint"):
                continue
            content = self._kept(path)
            if content is None:
                continue
            if content.get("schema") != SCHEMA:
                note = (
                    f"{path.name} has schema {content.get('schema')}; this version reads {SCHEMA}"
                )
                self.warnings.append(f"{self.name}: {note}. Measure it again.")
            elif problem := wrong_in(content):
                self.warnings.append(f"{self.name}: {path.name} {problem}. Measure it again.")
            elif content["weights"] == self.weights:
                found.append(content)
        return found

    @cached_property
    def verdict(self) -> Mapping[str, Any] | None:
        """The page of `untrain audit RUN`; None if there is none of these weights."""
        path = self.path / "audit" / "verdict.json"
        content = self._kept(path) if path.is_file() else None
        if content is None:
            return None
        if content.get("schema") != VERDICTS:
            self.warnings.append(
                f"{self.name}: verdict.json is of another version; audit it again."
            )
            return None
        if problem := wrong_in_verdict(content):
            self.warnings.append(f"{self.name}: verdict.json {problem}. Audit it again.")
            return None
        if content["log"]["checkpoints"].get("child", self.weights) != self.weights:
            self.warnings.append(f"{self.name}: verdict.json is of other weights; audit it again.")
            return None
        return content

    @property
    def name(self) -> str:
        return self.path.name

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

    def _kept(self, path: Path) -> dict[str, Any] | None:
        """A JSON object; None and a warning for what is none."""
        try:
            return dict(json.loads(path.read_text()))
        except TORN:
            self.warnings.append(
                f"{self.name}: {path.name} is half written and left out. Measure it again."
            )
            return None


def opened(path: Path) -> Folder:
    """The run in a folder. Raises UserError if run.json is missing, damaged or of another schema;
    an unfinished run is a missing one."""
    run = read(path)
    if lost := wrong_in_run(run):
        raise UserError(f"run.json is damaged: {lost}.", str(path), "Make the run again.")
    job_of(run)
    return Folder(path, run)


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
