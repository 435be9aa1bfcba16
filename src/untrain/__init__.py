"""Remove the influence of chosen training images from a classifier, and measure how well.

task = untrain.Task(train=(images, labels), forget=[3, 17], test=(x, y))
result = untrain.unlearn(model, task, CoUn(epochs=10))
print(untrain.audit(result.model, task))                        # the table
print(untrain.examine(result.model, task, original=model))      # the verdict
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from untrain.errors import UserError
from untrain.version import __version__

if TYPE_CHECKING:
    from untrain.api import audit as audit
    from untrain.api import examine as examine
    from untrain.api import unlearn as unlearn
    from untrain.engine.loop import Result as Result
    from untrain.models.output import Output as Output
    from untrain.models.output import wrap as wrap
    from untrain.task import Task as Task

_LAZY = {
    "Output": "untrain.models.output",
    "Result": "untrain.engine.loop",
    "Task": "untrain.task",
    "audit": "untrain.api",
    "examine": "untrain.api",
    "unlearn": "untrain.api",
    "wrap": "untrain.models.output",
}

__all__ = ["Output", "Result", "Task", "UserError", "__version__"]
__all__ += ["audit", "examine", "unlearn", "wrap"]


def __getattr__(name: str) -> Any:
    """Torch is imported when a name that needs it is used, not before."""
    if name not in _LAZY:
        raise AttributeError(f"module 'untrain' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_LAZY[name]), name)
