"""C10: everything that an audit computes without training, beside two epochs of fine-tuning."""

from __future__ import annotations

import numpy as np

from untrain.data.sets.splits import NONE, Split
from untrain.engine.loop import Loop
from untrain.methods.ft import FT
from untrain.metrics.audit import Subject, audit
from untrain.metrics.details import Model, details
from untrain.metrics.embed import embed
from untrain.metrics.evidence import collect
from untrain.metrics.membership.attacks import attacks
from untrain.models.build import ModelSpec
from untrain.progress import silence
from untrain.task import Task
from untrain.testing import toy_images
from untrain.verdict.case import Case as Audited
from untrain.verdict.case import Party
from untrain.verdict.goals import Goal, Terms
from untrain.verdict.population import destination, level_test, shape
from untrain.verdict.records import known_attacks, records

from .rounds import Bar, Case, Check, Size

CIFAR = 60_000


def without_training(size: Size) -> Case:
    """C10: evidence of all images, embeddings, the table, the details, and four tests of a verdict.

    A tenth of CIFAR-10: of 6,000 images 4,500 are trained on and 450 forgotten, 500 are unseen and
    1,000 test. The other side is two epochs of FT on what is retained. Samples of 2,500 images and
    their views do not shrink with the set, so that this is harder than the whole of CIFAR-10.
    """
    count = CIFAR // 10 if not size.brief else 240
    at = np.split(np.arange(count), [count * 3 // 4, count * 5 // 6])
    forget, retain = np.split(at[0], [len(at[0]) // 10])
    split = Split(retain, forget, NONE, at[1], at[2])
    images = toy_images(count, 32, 3, 10)
    model = ModelSpec("resnet18", 10, width=size.width).make(0)
    task = Task.of(images, split, augment="crop+flip")
    sets = {"retain": retain, "forget": forget, "unseen": at[1], "test": at[2]}

    def measured() -> int:
        with silence():
            evidence = collect(model, images, split)
            subject = Subject("model", evidence)
            embeddings = embed(model, images, sets)
        audited = Audited("model", "", task, Party("model", evidence, lambda: model))
        seen = audited.view(audited.party)
        attacks(seen.forget, seen.reference)
        audit([subject], [], images.keys[forget])
        details([Model(subject, embeddings)], [], images.keys[forget], images.classes)
        terms = Terms()
        found = [level_test(audited, terms, Goal(0.5)), shape(audited, terms)]
        found += [known_attacks(audited, terms), records(audited, terms)]
        found.append(destination(audited, terms))
        return len(seen.forget)

    def tuned() -> None:
        with silence():
            Loop(FT(epochs=2, batch=size.batch), task, model).run()

    one, other = "evidence and all measures", "two epochs of FT"
    return Case(
        {one: measured, other: tuned},
        (Bar("C10", one, other, 1.0, at_least=False),),
        {},
        lambda: [Check("forgotten images that were not measured", len(forget) - measured(), 0)],
    )
