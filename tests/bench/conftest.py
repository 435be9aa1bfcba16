"""A study that is made in seconds, and its finished store, which tests copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from untrain.bench.kept.plans import Place
from untrain.bench.kept.store import Store
from untrain.bench.making.order import Order
from untrain.engine.device import Device
from untrain.progress import silence

STUDY = """
title = "A small study"
seeds = 2
forget = ["random:0.1"]
data.data = "digits"
data.limit = 300
model.width = 4

[train]
epochs = 2
batch = 64
lr = 0.05

[[methods]]
name = "ft"
epochs = 2
lr = 0.05

[[methods]]
name = "coun"
epochs = 1
lr = 0.05
lam = [0.1, 0.3]
"""
DEVICE = Device(device="cpu", threads=1)


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study's file."""
    path = tmp_path_factory.mktemp("study") / "small-study.toml"
    path.write_text(STUDY)
    return path


@pytest.fixture(scope="session")
def finished(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which the study is made; read it, or copy it."""
    store = tmp_path_factory.mktemp("finished") / "store"
    make(Order(study=str(study), store=store))
    return store


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Store:
    """A copy of the finished store, to be broken."""
    shutil.copytree(finished, tmp_path / "store")
    return Store(tmp_path / "store").open()


def make(order: Order) -> None:
    """Work until nothing is left."""
    with silence():
        order.work(DEVICE).run()


def place_of(store: Store) -> Place:
    return Place.at(store, look=False)


def trained(store: Store) -> list[str]:
    """The addresses of the trainings that were started, in order."""
    return [event["run"] for event in store.events() if event["event"] == "start"]
