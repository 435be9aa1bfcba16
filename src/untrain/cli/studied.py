"""A study that a word names: as the store lists it, or listed now."""

from __future__ import annotations

from pathlib import Path

from untrain.bench.kept import listing
from untrain.bench.kept.store import Store
from untrain.config import path_of
from untrain.errors import UserError
from untrain.report.reading import Understood, understood


def studied(word: str, store: str, size: str) -> Understood:
    """The study and its runs.

    Raises UserError if neither a folder nor a study has that name, or there is no such store (3).
    """
    root = path_of(store)
    listed = {name for name, _ in listing.names(root)}
    path = None if word in listed and not known(word) else found(word)
    name = path.stem if path is not None else word
    there = Store(root).open(write=False)
    own = Path(word).suffix == ".toml"  # it may have changed since it was listed
    if path is None or (not own and listing.place(root, name, size).is_file()):
        return understood([root], name, size)
    return _listed(word, there, size)


def known(word: str) -> bool:
    """Whether a study comes with untrain, or there is a file."""
    from untrain.bench.asking.document import also, packaged

    return word in {*also(), *packaged()} or path_of(word).is_file()


def found(word: str) -> Path:
    """The file of a study. Raises UserError for a word that is nothing."""
    from untrain.bench.asking.document import find

    try:
        return find(word)
    except UserError as problem:
        raise UserError(
            f"'{word}' is no folder of runs and no study. {problem.what}",
            where="RESULTS",
            fix="Name a run's folder, a folder of runs, or a study: untrain bench list",
            code=problem.code,
        ) from problem


def _listed(word: str, store: Store, size: str) -> Understood:
    """The study as its file asks for it, for which methods are imported."""
    from untrain.bench.asking.study import Study
    from untrain.bench.kept.plans import Place

    study = Study.load(word, size)
    content = listing.of(study, Place.at(store, look=False).addresses)
    path = listing.keep(store, study)
    return Understood(
        named=(store.root,), store=store, listing=listing.load(path) if path else content
    )
