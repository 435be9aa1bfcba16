"""A plan carried out in a folder of its own.

run.json            config, requests, parents, split hashes, cost, curve; written last
split.npz           the keys of each set
model.safetensors   the weights
resume.safetensors  only while the run is unfinished
evidence.npz        what audits have measured of the model
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from torch import nn

from untrain.data.duplicates import twins
from untrain.data.sets.splits import key_hash
from untrain.engine.device import Device
from untrain.engine.loop import Loop, Observer
from untrain.engine.resume import Resume
from untrain.errors import UserError
from untrain.files import check_space, file_hash, lock, write_json
from untrain.models.checkpoint import save
from untrain.models.given import weights_of
from untrain.runs.load import load_model
from untrain.runs.plan import Plan
from untrain.runs.record import read, record
from untrain.version import __version__

RESUME = "resume.safetensors"


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
            (out / RESUME).unlink(missing_ok=True)  # killed after the last line of the work
            return False
        raise UserError(
            f"{out} holds another finished run.", "--out", "Choose another folder, or remove it."
        )
    # without an Original any weights do, but those that a fresh network is to start from
    blank = plan.model.spec(plan.images).bare
    start = load_model(plan.original, plan.images) if plan.original else blank()
    loop = Loop(plan.method, plan.task(), start, terms=plan.terms, seed=plan.seed, device=device)
    for sentence in twins(plan.images, plan.split).sentences(names=False):
        loop.note(sentence)
    check_space(out, space(start))
    plan.split.save(out / "split.npz", plan.images)
    resume = Resume(out / RESUME, key, device.save_every)
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    watch = plan.select.watch(plan, device) if plan.select else None
    result = loop.run(resume, observe, watch)
    weights = out / "model.safetensors"
    save(weights, weights_of(result.model), {"key": key, "untrain": __version__})
    choice = plan.select.choice(plan, watch) if plan.select else {}
    seen = {
        "choice": own_choice(plan, loop, choice),
        "choices_before": choices_before(plan),
        "measured": dict(loop.measured),
    }
    write_json(out / "run.json", record(plan, result, file_hash(weights), started, seen))
    resume.clear()
    return True


def own_choice(plan: Plan, loop: Loop, choice: dict[str, Any]) -> dict[str, Any]:
    """The same choice, with what the method itself has seen of the forgotten images.

    A method with a stop rule of its own, as CU, measures all of them.
    """
    looks = loop.measured["forget"]
    if not looks:
        return choice
    seen = {"seen": key_hash(plan.images.keys[plan.split.forget]), "looked": "all"}
    if choice:
        loop.note(
            f"'{plan.method.name}' itself has measured its accuracy on all forgotten images, not "
            "on the tune half alone."
        )
        return choice | seen
    own = {"by": "method", "candidates": looks, "checkpoint": len(loop.curve)}
    return own | {"converged": None, "cost": {}, "trace": []} | seen


def choices_before(plan: Plan) -> list[dict[str, Any]]:
    """What the choices behind the model that the run starts from have seen, in their order."""
    if plan.original is None or plan.method.starts == "fresh":
        return []
    run = read(plan.original)
    own = [run["choice"]] if "choice" in run else []
    short = [{name: one[name] for name in ("by", "seen", "looked")} for one in own]
    return [*run.get("choices_before", []), *short]


def space(model: nn.Module) -> int:
    """Bytes that a run may need on disk: its weights, and two resume states with momentum."""
    weights = sum(int(tensor.nbytes) for tensor in weights_of(model).values())
    return 5 * weights + 10_000_000
