"""Small, shared ground: an image cache of its own, one thread, and tasks that train in a second."""

from __future__ import annotations

import os
import resource
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

with warnings.catch_warnings():  # third parties' import-time warnings are not ours to mend
    warnings.simplefilter("ignore")
    import lightning_fabric  # noqa: F401
import torch
from torch import nn

from counted import once
from untrain.data.images import Images
from untrain.data.sets.splits import Split, make_split, with_forget
from untrain.engine.cost import FlopMeter
from untrain.models.build import ModelSpec
from untrain.task import Task
from untrain.testing import same as same_bits
from untrain.testing import toy_images

os.environ["GOMP_SPINCOUNT"] = "1000"
os.environ["UNTRAIN_STRICT"] = "1"
torch.set_num_threads(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--data-root", default="", help="folder with real data, for slow tests")


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Decoded images never go to the user's cache folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNTRAIN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True, scope="session")
def counted_once() -> Iterator[None]:
    """FLOPs of equal steps are counted once, and not in every run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FlopMeter, "_count", once(FlopMeter._count))
        yield


@pytest.fixture
def images() -> Images:
    return toy_images()


@pytest.fixture
def split(images: Images) -> Split:
    """48 training images less a holdout of 10 %, eight of them forgotten."""
    whole = make_split(images)
    return with_forget(whole, whole.train[:8])


@pytest.fixture
def spec() -> ModelSpec:
    return ModelSpec("small", classes=3, channels=1, width=4)


@pytest.fixture
def task(images: Images, split: Split, spec: ModelSpec) -> Task:
    return Task.of(images, split, augment="crop+flip", make_model=spec.make)


@pytest.fixture
def model(spec: ModelSpec) -> nn.Module:
    return spec.make(0)


@pytest.fixture
def same() -> Callable[[nn.Module, nn.Module], bool]:
    return same_bits


@pytest.fixture
def small_files() -> Callable[[int], AbstractContextManager[None]]:
    """A block in which writing more than so many bytes into a file fails, as on a full disk."""

    @contextmanager
    def limited(most: int) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited
