"""MaskClass: never answer with a forgotten class, a control that forgets nothing."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from untrain.errors import UserError, problems_of
from untrain.methods.contract import Method, Run, State, register
from untrain.models.output import linear_head
from untrain.task import Task

NEVER = -1e4
"""A logit that no other comes near; finite, so that losses and averages stay finite."""


@register
@dataclass(frozen=True, kw_only=True)
class MaskClass(Method):
    """Never answer with a class of which every training image is forgotten:  w_c = 0, b_c = -1e4.

    What was learnt of it stays in the features, so an audit must not be content with it.
    Paper: none, a control.
    Differences: the logit is finite instead of minus infinity, so that losses are.
    """

    paper = "a control: it hides a class and forgets nothing"
    counts = ("retain", "forget")
    cost = "nothing"
    presets = {"native": {}, "coun": {}, "laptop": {}}

    def check(self, task: Task) -> list[UserError]:
        if len(task.gone_classes()):
            return []
        return [
            UserError(
                f"'{self.name}' needs a whole class to forget; each class has retained images.",
                where="--forget",
                fix="Forget a class, as class:NAME does, or use another method.",
            )
        ]

    def check_model(self, model: nn.Module, task: Task) -> list[UserError]:
        return problems_of(self.maskable, model, task.gone_classes().tolist() or None)

    def prepare(self, run: Run) -> State:
        classes = run.task.gone_classes().tolist()
        head = self.maskable(run.model, classes)
        with torch.no_grad():
            head.weight[classes] = 0.0
            head.bias[classes] = NEVER
        names = ", ".join(run.task.images.classes[label] for label in classes)
        run.note(f"Masked {names}. The weights still hold what was learnt: this is a control.")
        return {}

    def maskable(self, model: nn.Module, classes: list[int]) -> nn.Linear:
        """The head. Raises UserError if these rows of it cannot be overwritten."""
        head = linear_head(model, self.name)
        frozen = not all(weight.requires_grad for weight in head.parameters())
        if head.bias is None or frozen or head.out_features <= max(classes):
            lack = "no bias" if head.bias is None else f"{head.out_features} outputs"
            lack = "frozen weights" if frozen else lack
            raise UserError(
                f"The classifier head has {lack}, so class {max(classes)} cannot be masked.",
                where="model",
                fix="Use a model whose last nn.Linear is the head, with a bias.",
            )
        return head
