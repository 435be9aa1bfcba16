"""A study as its store lists it: every run at its place, and what is missing."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from untrain.bench.job import Block, Cell, Job, Result
from untrain.bench.kept.store import Store
from untrain.bench.numbers.statistics import GAP, Lack, tables
from untrain.config import DataConfig, ModelConfig
from untrain.errors import MISSING, UserError
from untrain.report.data import Report
from untrain.report.reading.joined import joined
from untrain.report.reading.portable import STORE, ended, outside, portable
from untrain.report.reading.runs import Folder, Placed, opened, warned
from untrain.report.reading.standins import job_of, standin
from untrain.runs.record import SchemaError


@dataclass
class Reading:
    """One pass over a study's cells. folders: runs by address, each read once."""

    store: Store
    listing: Mapping[str, Any]
    folders: dict[str, Folder] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    lacks: list[Lack] = field(default_factory=list)
    placed: list[Placed] = field(default_factory=list)

    @cached_property
    def blocks(self) -> list[Block]:
        return [Block(**one) for one in self.listing["blocks"]]

    def all(self) -> None:
        """Read every cell."""
        seeds = self.listing.get("evaluate_seeds", [0])
        choosing = bool(self.listing.get("choosing"))
        for listed in self.listing["cells"]:
            address = listed["address"]
            cell, folder = self._cell(listed), self._folder(address)
            result = None
            if folder is not None:
                cell = replace(cell, job=self._job(listed, folder))
                self.placed.append(Placed(folder, cell))
                result = folder.result(cell, address, seeds, choosing)
            if result is not None:
                self.results.append(result)
            else:
                self.lacks.append(Lack(cell, self.reasons.get(address, "")))

    def _cell(self, listed: Mapping[str, Any]) -> Cell:
        block, seeds = self.blocks[listed["block"]], listed["seeds"]
        rules = tuple(listed["rules"])
        job = Job(
            data=DataConfig(data=block.data.partition(",")[0]),
            model=ModelConfig(model=block.model.partition(",")[0]),
            method=standin({"name": listed["label"]}),
            rules=() if listed["label"] == "original" else rules,
            select=listed.get("select", "none"),
        )
        return Cell(
            block=block,
            label=listed["label"],
            job=job,
            rules=rules,
            split_seed=seeds["split"],
            train_seed=seeds["train"],
            unlearn_seed=seeds["unlearn"],
            settings=listed["settings"],
        )

    def _job(self, listed: Mapping[str, Any], folder: Folder) -> Job:
        """Its settings; of an oracle epoch those of the run that it is a twin of."""
        twin = self._folder(listed["twin"]) if "twin" in listed else None
        if twin is not None:
            return replace(job_of(twin.run), select="oracle")
        return job_of(folder.run)

    def _folder(self, address: str) -> Folder | None:
        """The run at an address; None, with the reason, where there is none."""
        if address in self.folders or address in self.reasons:
            return self.folders.get(address)
        path = self.store.folder(address)
        try:
            self.folders[address] = opened(path)
        except SchemaError:
            raise
        except UserError as problem:
            failure = self.store.failure(address).get("what", "")
            self.reasons[address] = failure or (problem.what if problem.code != MISSING else "")
        return self.folders.get(address)


def read(store: Store | None, listing: Mapping[str, Any]) -> Report:
    """Raises UserError if nothing of the study is finished (3)."""
    assert store is not None, "a listing lies in a store"
    reading = Reading(store, listing)
    reading.all()
    study, size = listing["study"], listing["size"]
    if not reading.results:
        what = f"Nothing of {study} is finished in {store.root} yet."
        raise UserError(what, "--store", f"Make it: {listing['command']}", MISSING)
    made = tables(reading.results, listing["order"], reading.lacks, GAP, reading.blocks)
    words = ["untrain", "report", study, *(["--size", size] if size != "laptop" else [])]
    usual = Path("runs/bench")
    root = STORE if outside(store.root) else portable(store.root)
    there = ["--store", root] if store.root != usual else []
    joint = joined(made, reading.folders)
    warnings = warned(reading.folders.values())
    if listing.get("choosing"):
        warnings.insert(0, "Measured on val: these numbers are for choosing, not for reporting.")
    return Report(
        title=listing["title"] or study,
        about=listing.get("about", ""),
        source=f"study {study} ({size})",
        command=shlex.join([*words, *there]),
        make=f"{listing.get('command', f'untrain bench run {study}')} {shlex.join(there)}".strip(),
        ended=ended(folder.run for folder in reading.folders.values()),
        tables=tuple(made),
        joint=joint,
        measurable=any(one.measurable for one in reading.folders.values()),
        places={one: f"{root}/runs/{one}" for one in reading.folders},
        warnings=tuple(dict.fromkeys(warnings)),
    )
