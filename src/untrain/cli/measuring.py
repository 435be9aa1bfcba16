"""What a report lacks and can be had: measured before it is read, where images and models are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from untrain.errors import DiskError, UserError
from untrain.progress import say, track

if TYPE_CHECKING:
    from untrain.bench.job import Block
    from untrain.data.images import Images
    from untrain.report.reading import Placed, Understood
    from untrain.report.reading.runs import Folder

QUICK = ("accuracy", "answers", "destination")
"""Measured from outputs that a run has left, in a moment."""
ALL = (*QUICK, "centroids")
"""The model itself is asked again for these."""


@dataclass
class Measuring:
    """how: quick or all. root: where images lie. device: where models run."""

    how: str
    root: str = ""
    device: str = "auto"
    known: dict[str, Images | None] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def fill(self, found: Understood) -> str:
        """Measure what is missing of these results; what could not be, in a sentence, or ""."""
        from untrain.report.reading import placed_in

        placed = placed_in(found)
        seeds = (found.listing or {}).get("evaluate_seeds", [0])
        todo = [(one, names) for one in placed if (names := self._missing(one, placed, seeds))]
        able = [(one, names) for one, asked in todo if (names := possible(one, asked))]
        try:
            for one, names in track(able, "measuring", len(able)) if able else ():
                self._measure(one, names, asked_of(one, placed), seeds)
            if self.how == "all":
                self._together(placed)
        except DiskError as problem:
            return f"{problem.what} Measures are not kept: the page shows what is there."
        if self.lost:
            return f"{self.lost[0]} Nothing more is measured: the page shows what is there."
        left = len(todo) - len(able)
        return f"{left} runs have no outputs or weights here: no more of them is measured." * (
            left > 0
        )

    def _missing(
        self, one: Placed, placed: Sequence[Placed], seeds: Sequence[int]
    ) -> tuple[str, ...]:
        """Names of the audits that it lacks."""
        from untrain.bench.audits import NAMES

        there = one.folder.audits(asked_of(one, placed), seeds)
        wanted = [name for name in (ALL if self.how == "all" else QUICK) if name in NAMES]
        return tuple(name for name in wanted if name not in there)

    def _measure(
        self, one: Placed, names: Sequence[str], rules: Sequence[str], seeds: Sequence[int]
    ) -> None:
        from untrain.bench.audits import measure_all

        images = self.images_of(one.folder.run)
        if images is None:
            return
        clear(one.folder, names)
        try:
            own = () if one.folder.rules else rules
            kind = self._kind()
            measure_all(one.folder.path, images, names, seeds, rules=own, device=kind)
        except DiskError:
            raise
        except UserError as problem:
            say(f"{one.folder.name} is not measured: {problem.what}")

    def _together(self, placed: Sequence[Placed]) -> None:
        """Original, Retrain and a run of each row, of one pair of seeds, block by block."""
        from untrain.joint.measure import Member, measure

        for members in blocks(placed).values():
            chosen = side_by_side([one for one in members if weighed(one) or answered(one)])
            images = self.images_of(chosen[0].folder.run) if len(chosen) > 1 else None
            if images is None:
                continue
            rows = [Member(one.cell.row, one.folder.path, one.cell.unlearn_seed) for one in chosen]
            say(f"{chosen[0].cell.block}: {len(rows)} models side by side")
            for one in chosen:
                clear(one.folder, ("joint",))
            try:
                measure(rows, images, deep=all(map(weighed, chosen)))
            except DiskError:
                raise
            except UserError as problem:
                say(f"{chosen[0].cell.block}: not measured together: {problem.what}")

    def images_of(self, run: Mapping[str, Any]) -> Images | None:
        """The images that a run was made with; None where they are not at hand, said once."""
        from untrain.runs.load import data_of

        config = {k: v for k, v in run["config"]["data"].items() if k not in ("split_seed",)}
        key = json.dumps([run["images"]["hash"], config.get("data"), config.get("plant")])
        if key not in self.known:
            try:
                self.known[key] = data_of(dict(run), self.root)[1]
            except UserError as problem:
                self.known[key] = None
                fix = "" if self.root else " Say where they are: --data-root FOLDER."
                self.lost.append(f"{problem.what}{fix}")
        return self.known[key]

    def _kind(self) -> str:
        from untrain.engine.device import Device

        device: Any = self.device
        return Device(device=device).kind()


def clear(folder: Folder, names: Sequence[str]) -> None:
    """Remove measures that do not hold what they should, so that they are made again."""
    for path in folder.refused:
        if path.stem.partition("-")[0] in names:
            with suppress(OSError):
                path.unlink()


def possible(one: Placed, names: Sequence[str]) -> tuple[str, ...]:
    """Those of the audits for which there is what they are made of."""
    if weighed(one):
        return tuple(names)
    return tuple(name for name in names if name in QUICK and answered(one))


def weighed(one: Placed) -> bool:
    """Whether its weights are there."""
    return all((one.folder.path / name).is_file() for name in ("split.npz", "model.safetensors"))


def answered(one: Placed) -> bool:
    """Whether its outputs are there."""
    return all((one.folder.path / name).is_file() for name in ("split.npz", "evidence.npz"))


def asked_of(one: Placed, placed: Sequence[Placed]) -> tuple[str, ...]:
    """The requests that a run is measured against, as they are spelled in its block."""
    if one.folder.rules:
        return one.folder.rules
    beside = (other.folder.rules for other in placed if other.cell.block == one.cell.block)
    return next(filter(None, beside), one.cell.rules)


def blocks(placed: Sequence[Placed]) -> dict[Block, list[Placed]]:
    found: dict[Block, list[Placed]] = {}
    for one in placed:
        found.setdefault(one.cell.block, []).append(one)
    return found


def side_by_side(members: Sequence[Placed]) -> list[Placed]:
    """One run of each row, all of one pair of seeds: one with a Retrain that most rows have."""
    pairs: dict[tuple[int, int], dict[str, Placed]] = {}
    for one in sorted(members, key=lambda one: one.cell.unlearn_seed):
        if one.cell.job.select != "oracle":
            pair = one.cell.split_seed, one.cell.train_seed
            pairs.setdefault(pair, {}).setdefault(one.cell.row, one)
    best = max(
        sorted(pairs), key=lambda pair: ("retrain" in pairs[pair], len(pairs[pair])), default=None
    )
    return list(pairs[best].values()) if best is not None else []
