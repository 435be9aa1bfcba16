"""A study: a table of runs as its file asks for it, checked, before any data are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from untrain.config import DataConfig, ModelConfig

if TYPE_CHECKING:
    from untrain.bench.job import Cell
    from untrain.methods.contract import Method, Term
    from untrain.methods.retrain import Retrain

PAPERS = {"coun": range(1, 11), "cu": range(0)}
"""Papers whose printed numbers are known, and their tables."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A row of the table: one method with one choice of settings."""

    label: str
    """Its name in tables."""
    method: Method
    """The method with all its hyper-parameters."""
    terms: tuple[Term, ...] = ()
    """Terms that are added to its loss."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What sets it apart from other rows of its label, where a grid was asked for."""
    select: str = "none"
    """How its checkpoint is chosen: none, early or oracle."""
    available: float = 1.0
    """Share of the retained images that it is given."""
    forget_data: bool = True
    """Whether it is given the forgotten images."""
    tuned: str = ""
    """The recipe that holds values of its method; none: the preset's or the method's own."""
    where: str = ""
    """File and line, for messages."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """What a study file asks for, at one size."""

    name: str
    """Name of the file without .toml."""
    file: str = ""
    """The file itself."""
    size: str = "laptop"
    """Which of its sizes this is."""
    title: str = ""
    """What its table is called."""
    about: str = ""
    """What it asks, in a paragraph."""
    paper: str = ""
    """Paper whose printed numbers stand beside ours: coun or cu."""
    tables: tuple[int, ...] = ()
    """Tables of that paper."""
    seeds: tuple[int, ...]
    """Training seeds: of Originals and Retrains."""
    unlearn_seeds: tuple[int, ...] = ()
    """Seeds of unlearning for each training seed; none: the training seed itself."""
    evaluate_seeds: tuple[int, ...] = (0,)
    """Seeds of the audits' own draws."""
    split_seeds: tuple[int, ...] = (0,)
    """Seeds of holdouts and of random forget rules."""
    forget: tuple[tuple[str, ...], ...]
    """Requests, each a list of rules: several are carried out one after the other."""
    audits: tuple[str, ...] = ("accuracy",)
    """What is measured of each run."""
    choosing: bool = False
    """Whether values are chosen by it: its tables are measured on val, never on test."""
    preset: str = ""
    """Values by name for data, model, training and methods."""
    recipe: str = ""
    """Tuned values by method."""
    data: tuple[DataConfig, ...]
    """Data settings, one for each point of the grid in [data]; split_seed is set later."""
    model: tuple[ModelConfig, ...]
    """Networks, one for each point of the grid in [model]."""
    train: Retrain
    """How Originals and Retrains are trained."""
    methods: tuple[Entry, ...]
    """The rows beside Original and Retrain."""

    @classmethod
    def load(cls, name: str, size: str = "laptop") -> Study:
        """Read a packaged study by its name, or a file.

        Raises UserError with all that is wrong in it, each with its file and line.
        """
        from untrain.bench.asking.reading import read_study

        return read_study(name, size)

    def cells(self, data_root: str = "") -> list[Cell]:
        """All runs, each at its place in the table. data_root: folder with local data."""
        from untrain.bench.asking.cells import cells

        return cells(self, data_root)


def names() -> dict[str, str]:
    """Packaged studies by name, each with its title; other names of a study with the title too."""
    from untrain.bench.asking.document import also, packaged, titled

    titles = {name: titled(name) for name in packaged()}
    others = {name: f"{titles[same]} (the same as {same})" for name, same in also().items()}
    return titles | others
