"""A store of made-up results, served while the tests ask."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from served import Site, serving

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))  # where results are made up


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A store with a study of two methods and two seeds, of which one run has failed and one is
    waiting; and loose runs beside it."""
    from made_results import write

    root = tmp_path_factory.mktemp("results")
    about = {"methods": ["coun", "ft"], "seeds": 2, "points": 40}
    write(root / "store", failed=("ft",), missing=("coun",), rule="class:5", **about)
    write(root / "<b>loose</b>", loose=True, methods=["ft"], seeds=1, points=40)
    yield from serving(root)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Site]:
    """An empty folder, to be filled."""
    yield from serving(tmp_path)
