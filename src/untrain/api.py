"""The Python face: unlearn a model of your own, and audit it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from untrain.data.sets.splits import key_hash
from untrain.engine.device import Device
from untrain.engine.loop import Loop, Result
from untrain.engine.resume import Resume
from untrain.errors import UserError
from untrain.methods.contract import Method, Term
from untrain.progress import Progress, silence
from untrain.task import Task

if TYPE_CHECKING:
    from torch import nn

    from untrain.metrics.audit import Audit
    from untrain.verdict.examine import Verdict


def unlearn(
    model: nn.Module,
    task: Task,
    method: Method,
    *,
    add: Sequence[Term] = (),
    seed: int = 0,
    device: Device | None = None,
    resume: str | Path | None = None,
    progress: bool = True,
) -> Result:
    """Run a method on a copy of `model`; the given model stays untouched.

    model: a classifier; its head is found by what the logits come from, or named by
        `untrain.wrap(model, head=NAME)`. It may be in half precision, on any one device, in
        DataParallel or compiled: the result is as it was given, with the same state_dict keys.
    method: an instance such as `CoUn(lam=1.0)`, or `Retrain(...)` with `Task(make_model=...)`.
    add: terms that are added to the method's loss, such as `Contrastive(lam=0.5)`.
    resume: a file that keeps the state of an unfinished run and is removed at its end.
    progress: show it on stderr, as a bar on a terminal and a line per epoch elsewhere.
    Raises UserError for whatever the method's checks find, before any training.
    """
    loop = Loop(method, task, model, terms=tuple(add), seed=seed, device=device)
    every = (device or Device()).save_every
    keep = Resume(Path(resume), _key(loop), every) if resume else Resume()
    if not progress:
        with silence():
            result = loop.run(keep)
    else:
        with Progress(method.name, method.length) as shown:
            result = loop.run(keep, shown.observe)
    keep.clear()
    return result


def audit(
    model: nn.Module | Result | Mapping[str, nn.Module | Result],
    task: Task,
    retrained: nn.Module | Result | Sequence[nn.Module | Result] = (),
    original: nn.Module | None = None,
) -> Audit:
    """Measure a model, or several by name, beside Retrain. Print what it returns.

    Of a task with images erased by earlier requests, everything that was forgotten is measured
    together, and the accuracy on each request's images by itself.

    retrained: one or more models that were trained without the forgotten images.
    original: the model before unlearning, for its row.
    """
    from untrain.metrics.audit import Subject
    from untrain.metrics.audit import audit as measure
    from untrain.metrics.evidence import collect

    def subject(label: str, one: nn.Module | Result, seed: int = 0) -> Subject:
        result = one if isinstance(one, Result) else None
        network = one.model if isinstance(one, Result) else one
        evidence = collect(network, task.images, task.split)
        if result is None:
            return Subject(label, evidence, seed)
        cost = {"seconds": result.cost.seconds, "flops": result.cost.flops}
        return Subject(label, evidence, result.seed, cost, tuple(result.notes))

    if isinstance(model, Result):
        named: Mapping[str, nn.Module | Result] = {model.method.name: model}
    else:
        named = model if isinstance(model, Mapping) else {"unlearned": model}
    subjects = [] if original is None else [subject("original", original)]
    subjects += [subject(label, one) for label, one in named.items()]
    many = retrained if isinstance(retrained, Sequence) else [retrained]
    retrains = [subject("retrain", one, seed) for seed, one in enumerate(many)]
    keys, split = task.images.keys, task.split
    requests = [keys[at] for at in split.requests]
    return measure(subjects, retrains, keys[split.forgotten], requests=requests)


def examine(
    model: nn.Module | Result,
    task: Task,
    *,
    original: nn.Module | None = None,
    retrained: nn.Module | Result | Sequence[nn.Module | Result] = (),
    references: Sequence[nn.Module | Result] = (),
    lr: float = 0.05,
    batch: int = 64,
    margin: float = 0.05,
    healing: int = 5,
    device: Device | None = None,
) -> Verdict:
    """Judge whether what `task` forgets is gone from a model. Print what it returns.

    Trains copies of the model: `healing` passes over retain at two rates, and on small samples.
    original: the model before, the positive control; without it nothing can PASS.
    retrained, references: models that never saw the forgotten images; references may be of any
        network and training. Small requests and whole classes need them.
    lr, batch: of the original's training. margin: how far from its goal an AUC may lie, (0, 0.5).
    Raises UserError for a model that does not suit the images or answers with NaN.
    """
    if not 0 < margin < 0.5 or healing < 1:
        what = f"margin {margin} is not in (0, 0.5), or healing {healing} is under 1."
        raise UserError(what, "examine", "Try margin=0.05, healing=5.")
    from functools import partial

    from untrain.metrics.evidence import collect
    from untrain.verdict.case import Case, Party
    from untrain.verdict.examine import examine as judge
    from untrain.verdict.family import in_one
    from untrain.verdict.goals import Terms

    whole = Task.of(task.images, in_one(task.split), augment=task.augment)

    def party(label: str, one: nn.Module | Result, seed: int = 0) -> Party:
        network = one.model if isinstance(one, Result) else one
        found = collect(network, whole.images, whole.split)
        return Party(label, found, partial(_same, network), seed)

    label = model.method.name if isinstance(model, Result) else "unlearned"
    exact = retrained if isinstance(retrained, Sequence) else [retrained]
    forgotten, keys = len(whole.split.forget), whole.images.keys
    hashes = {"before": key_hash(keys[whole.split.train]), **whole.split.hashes(whole.images)}
    case = Case(
        label=label,
        title=f"{forgotten} of {len(whole.split.train)} training images",
        task=whole,
        party=party(label, model),
        original=None if original is None else party("original", original),
        retrains=tuple(party("retrain", one, seed) for seed, one in enumerate(exact)),
        references=tuple(party("reference", one) for one in references),
        lr=lr,
        batch=batch,
        choices_saw_all=isinstance(model, Result) and bool(model.measured.get("forget")),
        lacks=tuple(task.lacks()),
        log={f"keys_{name}": digest for name, digest in hashes.items()},
        device=device or Device(),
    )
    return judge(case, Terms(margin, epochs=healing))


def _same(model: nn.Module) -> nn.Module:
    return model


def _key(loop: Loop) -> str:
    """What a resume file belongs to: method, terms, seed, data, split, and the weights given."""
    images, split = loop.task.images, loop.task.split
    read = (images.crop, images.chunk) if images.crop or images.chunk else ()
    said = (loop.method, loop.terms, loop.seed, loop.task.augment, images.mean, images.std, *read)
    digest = hashlib.sha256(repr((said, split.hashes(images), tuple(images.x.shape))).encode())
    tensors = {"x": images.x, "y": images.y, **loop.original.state_dict()}
    for name, tensor in tensors.items():
        digest.update(name.encode())
        if isinstance(tensor, torch.Tensor):  # a module may keep other things in its state
            digest.update(
                tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data
            )
    return digest.hexdigest()
