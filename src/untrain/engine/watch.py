"""Somebody who looks at a run while it trains, may end it, and says which weights it returns."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Protocol

from torch import nn

from untrain.methods.contract import Method, Pass, State, Trained
from untrain.models.given import copied

if TYPE_CHECKING:
    from untrain.engine.loop import Loop


class Watch(Protocol):
    """What chooses a checkpoint. Training goes on as if nobody looked."""

    def begin(self, loop: Loop) -> None:
        """Before the first step, also of a run that goes on; what is known already stays."""

    def due(self, at: float) -> bool:
        """Whether to look after so many passes: depends on what was seen before and on `at`."""

    def look(self, loop: Loop, model: nn.Module, at: float) -> bool:
        """Measure the model as it would be returned now; True ends the run."""

    def settle(self, loop: Loop) -> None:
        """Put the chosen weights into the model, after the last pass."""

    def saved(self) -> dict[str, Any]:
        """What has been seen, as plain values; weights lie in `loop.kept`."""

    def load(self, saved: dict[str, Any]) -> None:
        """The same, put back."""


def looked_at(loop: Loop, state: State, at: float) -> bool:
    """Let the watch look if it is due; whether the run ends here."""
    watch = loop.watch
    return bool(watch and watch.due(at) and watch.look(loop, finished(loop, state), at))


def finished(loop: Loop, state: State) -> nn.Module:
    """The model as it would be returned now: with the last edits, and what may train as before."""
    if type(loop.method).finish is Method.finish:
        return loop.model
    twin = copy(loop)
    twin.model, twin.notes = copied(loop.model), []
    twin.journal, twin.kept, twin.measured = [*loop.journal], {**loop.kept}, loop.measured.copy()
    loop.method.finish(twin, state)
    return twin.model


def within(method: Trained) -> bool:
    """Whether the middle of a pass can be returned: not where an epoch has several passes."""
    return method.length == method.epochs


def ends_round(method: Trained, ended: Pass, following: Pass | None) -> bool:
    """Whether an epoch is complete after this pass."""
    return within(method) or following is None or following.epoch != ended.epoch
