"""A run in a folder: what it is, what it made, and the log that proves it.

run.json            config, requests, parents, split hashes, cost, curve; written last
split.npz           the keys of each set
model.safetensors   the weights
resume.safetensors  only while the run is unfinished
evidence.npz        what audits have measured of the model
"""

from __future__ import annotations

import hashlib
import json
import shlex
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import nn

from untrain.config import DataConfig, ModelConfig, build, changed
from untrain.data.images import Images
from untrain.data.splits import Split, key_hash
from untrain.engine.checkpoint import load_weights, save
from untrain.engine.device import Device
from untrain.engine.loop import Loop, Observer, Result
from untrain.engine.resume import Resume
from untrain.errors import MISSING, UserError
from untrain.files import file_hash, lock, write_json
from untrain.methods.contract import Method, Term, settings
from untrain.task import Task
from untrain.version import __version__

SCHEMA = 1
"""Of run.json; raised when a field changes its meaning."""
KEYS = {"schema", "key", "label", "config", "images", "split", "checkpoints", "cost"}
"""What run.json must hold to be read."""
NUMERICS = {"engine": 1, "data": 1}
"""Raised by a change that moves numbers, so that old and new runs are never taken for one."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that makes a run what it is, before it starts."""

    images: Images
    split: Split
    data: DataConfig
    model: ModelConfig
    method: Method
    terms: tuple[Term, ...] = ()
    seed: int = 0
    forget: str = ""
    """The forget rule, as it was given."""
    earlier: tuple[str, ...] = ()
    """The rules of earlier requests, as they were given."""
    original: Path | None = None
    """Folder of the model that is given to the method; None trains from scratch."""

    def __post_init__(self) -> None:
        if len(self.rules) != len(self.split.requests):
            raise ValueError(f"{len(self.split.requests)} requests, but rules {self.rules}")

    @property
    def rules(self) -> tuple[str, ...]:
        """The rule of each request, the earlier ones first."""
        return (*self.earlier, self.forget) if self.forget else self.earlier

    @property
    def label(self) -> str:
        """The row of tables it belongs to: original, retrain, coun, ft+contrastive, ..."""
        if self.method.name == "retrain" and not self.rules:
            return "original"
        return "+".join([self.method.name, *(term.name for term in self.terms)])

    def given(self) -> str:
        """Hash of the weights that the method is given."""
        return read(self.original)["checkpoints"]["child"] if self.original else ""

    def ancestry(self) -> dict[str, str]:
        """parent: hash of the weights that the run starts from; root: of the first model of the
        chain, which is what the Original was. Both are "" where the weights are fresh."""
        if self.original is None or self.method.starts == "fresh":
            return {"parent": "", "root": ""}
        return {"parent": self.given(), "root": root_of(self.original)}

    def task(self) -> Task:
        """What the method works on."""
        augment = "" if self.data.augment == "auto" else self.data.augment
        make = self.model.spec(self.images).make
        return Task.of(self.images, self.split, augment=augment, make_model=make)

    def config(self) -> dict[str, Any]:
        """The settings, complete, as they are recorded."""
        return {
            "data": asdict(self.data),
            "model": asdict(self.model),
            "method": {"name": self.method.name, **settings(self.method)},
            "terms": [{"name": term.name, **settings(term)} for term in self.terms],
            "forget": self.forget,
            "seed": self.seed,
        }

    def key(self) -> str:
        """Equal keys mean equal runs, up to device, precision and threads."""
        content = {
            "model": changed(self.model),
            "augment": self.data.augment,
            "method": [self.method.name, changed(self.method)],
            "terms": [[term.name, changed(term)] for term in self.terms],
            "seed": self.seed,
            "images": self.images.hash,
            "split": self.split.hashes(self.images),
            # Retrain takes nothing from a model: it is one run, whichever verb makes it
            "parent": "" if self.method.name == "retrain" else self.given(),
            "numerics": NUMERICS,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def execute(plan: Plan, out: Path, device: Device, observe: Observer | None = None) -> bool:
    """Make a run in its folder; returns False if it was there already.

    An unfinished run in the folder is continued. Raises UserError if the folder holds another
    run, or for anything that the method's checks find.
    """
    with lock(out):
        return _execute(plan, out, device, observe)


def _execute(plan: Plan, out: Path, device: Device, observe: Observer | None) -> bool:
    key = plan.key()
    if (out / "run.json").exists():
        if read(out)["key"] == key:
            return False
        raise UserError(
            f"{out} holds another finished run.", "--out", "Choose another folder, or remove it."
        )
    fresh = plan.model.spec(plan.images).make
    start = load_model(plan.original, plan.images) if plan.original else fresh(0)
    loop = Loop(plan.method, plan.task(), start, terms=plan.terms, seed=plan.seed, device=device)
    plan.split.save(out / "split.npz", plan.images)
    resume = Resume(out / "resume.safetensors", key)
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    result = loop.run(resume, observe)
    weights = out / "model.safetensors"
    save(weights, result.model.state_dict(), {"key": key, "untrain": __version__})
    write_json(out / "run.json", record(plan, result, file_hash(weights), started))
    resume.clear()
    return True


def record(plan: Plan, result: Result, child: str, started: str) -> dict[str, Any]:
    """The content of run.json: a description, and a log of what was done to which data."""
    return {
        "schema": SCHEMA,
        "key": plan.key(),
        "label": plan.label,
        "paper": plan.method.paper,
        "command": shlex.join(["untrain", *sys.argv[1:]]),
        "config": plan.config(),
        "images": {"name": plan.images.name, "hash": plan.images.hash},
        "split": {
            name: {"images": plan.split.sizes()[name], "keys": digest}
            for name, digest in plan.split.hashes(plan.images).items()
        },
        "requests": [
            {"rule": rule, "images": len(at), "keys": key_hash(plan.images.keys[at])}
            for rule, at in zip(plan.rules, plan.split.requests, strict=True)
        ],
        "checkpoints": {**plan.ancestry(), "child": child},
        "cost": asdict(result.cost),
        "curve": result.curve,
        "notes": result.notes,
        "environment": {
            "untrain": __version__,
            "commit": commit(),
            "numerics": NUMERICS,
            **result.about,
        },
        "time": {"started": started, "ended": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())},
    }


def commit() -> str:
    """The commit of the code where it runs from a checkout, else ""."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():  # installed: a repository around it is somebody else's
        return ""
    command = ["git", "-C", str(root), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def read(folder: Path) -> dict[str, Any]:
    """The run.json of a folder. Raises UserError if it is missing, damaged or of another schema."""
    path = folder / "run.json"
    if not path.is_file():
        unfinished = (folder / "resume.safetensors").exists()
        raise UserError(
            f"{folder} holds {'an unfinished' if unfinished else 'no'} run.",
            where=str(folder),
            fix="Start the same command again to finish it."
            if unfinished
            else "Name the --out folder of a finished run.",
            code=MISSING,
        )
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"run.json is damaged ({error}).", str(folder), "Run it again.") from error
    if not isinstance(content, dict) or not content.keys() >= KEYS:
        raise UserError("run.json is not a run's.", str(folder), "Run it again.")
    if content["schema"] != SCHEMA:
        raise UserError(
            f"run.json has schema {content['schema']}; this version reads {SCHEMA}.",
            where=str(folder),
            fix="Run it again with this version.",
        )
    return content


def root_of(folder: Path) -> str:
    """Hash of the first model of a run's chain: the Original, or where fresh weights came in."""
    checkpoints = read(folder)["checkpoints"]
    # a run of an older version started from its root
    return str(checkpoints.get("root", checkpoints["parent"]) or checkpoints["child"])


def data_of(run: dict[str, Any], root: str = "") -> tuple[DataConfig, Images]:
    """The data set that a run was made with, checked by its hash."""
    values = run["config"]["data"] | ({"data_root": root} if root else {})
    data: DataConfig = build(DataConfig, values, "run.json")
    images, _ = data.load()
    if images.hash != run["images"]["hash"]:
        raise UserError(
            f"{data.data} is not the data set that the run was made with (hashes differ).",
            where=data.data_root or data.data,
            fix="Give the same files, with --data-root if they have moved.",
        )
    return data, images


def load_model(folder: Path, images: Images) -> nn.Module:
    """The model of a finished run."""
    run, path = read(folder), folder / "model.safetensors"
    model: ModelConfig = build(ModelConfig, run["config"]["model"], str(folder))
    made = load_weights(model.spec(images).make(0), path)
    if file_hash(path) != run["checkpoints"]["child"]:
        raise UserError(
            f"{path.name} is not the file that the run has written (hashes differ).",
            where=str(folder),
            fix="Put the run's own weights back, or make the run again.",
        )
    return made
