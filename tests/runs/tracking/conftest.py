"""Small runs with and without trackers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from logged import READERS, SMALL, Curves

from untrain.cli.main import main
from untrain.data import sources


@pytest.fixture(autouse=True, scope="session")
def digits_once() -> Iterator[None]:
    """The digits are read from their text file once, and not for each command."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "digits", cache(sources.digits))
        yield


@pytest.fixture(params=["tensorboard", pytest.param("mlflow", marks=pytest.mark.slow)])
def tracker(request: pytest.FixtureRequest) -> str:
    if request.param == "mlflow" and find_spec("mlflow") is None:
        pytest.skip("mlflow is not installed")
    return str(request.param)


@pytest.fixture
def seen(tracker: str, tmp_path: Path) -> Callable[[], tuple[Curves, dict[str, str]]]:
    """What the tracker has: curves and status by run."""
    return lambda: READERS[tracker](tmp_path / "tracker")


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three passes, which no tracker has seen."""
    out = tmp_path_factory.mktemp("untracked") / "original"
    assert main(["train", *SMALL, "--out", str(out)]) == 0
    return out
