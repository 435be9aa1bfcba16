"""NoT: turn the sign of a layer's weights round, then fine-tune on what is retained."""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch
from torch import nn

from untrain.errors import UserError, problems_of, raise_all, unknown
from untrain.methods.contract import Ranges, Run, State, register
from untrain.methods.ft import FT
from untrain.models.output import unwrap
from untrain.task import Task

POSITION = re.compile(r"-?\d+")


@register
@dataclass(frozen=True, kw_only=True)
class NoT(FT):
    """Negate chosen weights, then fine-tune on retain:  theta_I <- -theta_I,  L = CE(retain).

    Paper: Khalil, Brunswic, Lamghari, Li, Beitollahi, Chen 2025, arXiv 2503.05657 (CVPR 2025),
    there for federated clients; here as the CoUn paper uses it.
    Differences: no code of the authors was found. Tensors are chosen by position, as in the CoUn
    paper, or by name. Batch norm is not touched, only what training makes of it.
    """

    paper = "Khalil et al. 2025, arXiv 2503.05657"
    presets = {
        "native": {"lr": 0.05},
        "coun": {"lr": 0.05},
        "laptop": {"epochs": 10, "batch": 64, "lr": 0.1},
    }
    search = {"lr": (0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3)}
    trials = {"tensors": {"tensors": "3"}}

    tensors: str = "0"
    """Weights to negate: positions in list(model.parameters()) or parameter names, with commas
    between. 0 is the first convolution, 0,4 a ViT's positions and patches; "" is FT."""

    def ranges(self) -> Ranges:
        yield from super().ranges()
        listed = self.listed()
        whole = all(listed) and not any(re.search(r"\s", entry) for entry in listed)
        rule = 'positions or names with a comma between, such as 0,4, or ""'
        yield whole, "tensors", rule
        once = len(set(listed)) == len(listed)
        yield once, "tensors", "a list that names each tensor once"

    def listed(self) -> list[str]:
        """The entries as they were written."""
        return [entry.strip() for entry in self.tensors.split(",")] if self.tensors else []

    def check_model(self, model: nn.Module, task: Task) -> list[UserError]:
        return problems_of(resolve, self.listed(), unwrap(model))

    def prepare(self, run: Run) -> State:
        chosen = resolve(self.listed(), unwrap(run.model))
        with torch.no_grad():
            for parameter in chosen.values():
                parameter.neg_()
        run.note(f"Negated {', '.join(chosen)}." if chosen else "Negated nothing: this is FT.")
        return super().prepare(run)


def resolve(entries: list[str], model: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters that positions and names stand for, by name.

    Raises UserErrors, all together, for what does not exist, is frozen or is named twice.
    """
    named = dict(model.named_parameters())
    names, problems = list(named), []
    chosen: dict[str, nn.Parameter] = {}
    for entry in entries:
        name = entry
        if POSITION.fullmatch(entry) and entry not in named:
            place = int(entry)
            name = names[place] if 0 <= place < len(names) else ""
        if name == "":
            fix = f"Use 0 ({names[0]}) to {len(names) - 1} ({names[-1]})."
            problems.append(UserError(f"There is no tensor {entry}.", "--tensors", fix))
        elif name not in named:
            problems.append(unknown("tensor", name, names))
        elif name in chosen:
            fix = "Name each tensor once; negated twice it is as it was."
            problems.append(UserError(f"{entry} is {name} again.", "--tensors", fix))
        elif not named[name].requires_grad:
            fix = "Fine-tuning could not mend it. Choose another, or set requires_grad."
            problems.append(UserError(f"{name} is frozen.", "--tensors", fix))
        else:
            chosen[name] = named[name]
    raise_all(problems)
    return chosen
