"""run.json: what a run is, what it made, and what was done to which data."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from untrain.errors import MISSING, UserError
from untrain.fields import field_texts
from untrain.version import __version__

if TYPE_CHECKING:
    from untrain.data.images import Images
    from untrain.engine.loop import Result
    from untrain.methods.contract import Method, Term
    from untrain.runs.plan import Plan

SCHEMA = 1
"""Of run.json; raised when a field changes its meaning."""
KEYS = {"schema", "key", "label", "config", "images", "split", "checkpoints", "cost"}
"""What run.json must hold to be read."""
NUMERICS = {"engine": 1, "data": 1}
"""Raised by a change that moves numbers, so that old and new runs are never taken for one."""


def record(
    plan: Plan, result: Result, child: str, started: str, seen: Mapping[str, Any]
) -> dict[str, Any]:
    """The content of run.json: a description, and a log of what was done to which data.

    seen: what was looked at on the way: `choice`, of a checkpoint or of settings;
    `choices_before`, of the runs that it goes on from; and `measured`, how often the method itself
    has measured its accuracy on which set. Absent where nothing was.
    """
    from untrain.data.sets.splits import key_hash
    from untrain.models.identity import code  # results are read without torch

    return {
        "schema": SCHEMA,
        "key": plan.key(),
        "label": plan.label,
        "paper": plan.method.paper,
        "command": shlex.join(["untrain", *sys.argv[1:]]),
        "config": plan.config(),
        "fields": explained(plan.method, plan.terms),
        "images": pictured(plan.images),
        **({"code": own} if (own := code(plan.model.model)) else {}),
        "split": {
            name: {"images": plan.split.sizes()[name], "keys": digest}
            for name, digest in plan.split.hashes(plan.images).items()
        },
        "requests": [
            {"rule": rule, "images": len(at), "keys": key_hash(plan.images.keys[at])}
            for rule, at in zip(plan.rules, plan.split.requests, strict=True)
        ],
        **({"at_hand": lacks} if (lacks := plan.task().lacks()) else {}),
        "checkpoints": {**plan.ancestry(), "child": child},
        "cost": asdict(result.cost),
        "curve": result.curve,
        "notes": result.notes,
        **{name: what for name, what in seen.items() if what},
        "environment": {
            "untrain": __version__,
            "commit": commit(),
            "numerics": NUMERICS,
            **result.about,
        },
        "time": {"started": started, "ended": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())},
    }


def explained(method: Method, terms: Sequence[Term]) -> dict[str, dict[str, Any]]:
    """Field of the method, and `TERM.FIELD` of each term -> its default, where it has one, and its
    text: results are then understood without the code that made them."""
    found: dict[str, dict[str, Any]] = {}
    parts: list[tuple[str, Method | Term]] = [("", method)]
    for prefix, part in (*parts, *((f"{term.name}.", term) for term in terms)):
        texts = _texts(type(part))
        for one in fields(part):
            usual = {} if one.default is NO_DEFAULT else {"default": one.default}
            found[prefix + one.name] = usual | {"text": texts.get(one.name, "")}
    return found


def _texts(part: type[Any]) -> dict[str, str]:
    """What fields mean; {} for a class whose source is not at hand."""
    try:
        return field_texts(part)
    except (OSError, TypeError):
        return {}


def pictured(images: Images) -> dict[str, Any]:
    """What of the images a model is bound to, so that it can be used without them."""
    return {
        "name": images.name,
        "hash": images.hash,
        "classes": list(images.classes),
        "channels": images.channels,
        "size": list(images.size),
        "stored": list(images.stored),
        "mean": list(images.mean),
        "std": list(images.std),
    }


def commit() -> str:
    """The commit of the code where it runs from a checkout, else "".

    It ends in -dirty where files of the package have been changed since.
    """
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():  # installed: a repository around it is somebody else's
        return ""
    try:
        changed = asked(root, "status", "--porcelain", "--untracked-files=no", "--", "src")
        return asked(root, "rev-parse", "HEAD") + ("-dirty" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def asked(root: Path, *words: str) -> str:
    """What git says of a checkout."""
    command = ["git", "-C", str(root), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


class SchemaError(UserError):
    """A run.json of another version, which is sound there."""


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
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"run.json is damaged ({error}).", str(folder), "Run it again.") from error
    if not isinstance(content, dict) or not content.keys() >= KEYS:
        raise UserError("run.json is not a run's.", str(folder), "Run it again.")
    if content["schema"] != SCHEMA:
        raise SchemaError(
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


def rules_of(run: dict[str, Any]) -> tuple[str, ...]:
    """The forget rules that a run has behind it, in order."""
    if "requests" in run:
        return tuple(request["rule"] for request in run["requests"])
    return (run["config"]["forget"],) if run["config"]["forget"] else ()
