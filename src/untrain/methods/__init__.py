"""One file per method; each is found by its file name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from untrain.registry import methods

if TYPE_CHECKING:
    from untrain.methods.coun import CoUn as CoUn
    from untrain.methods.ft import FT as FT
    from untrain.methods.retrain import Retrain as Retrain
    from untrain.methods.retrain_short import RetrainShort as RetrainShort
    from untrain.methods.terms import Contrastive as Contrastive


def __getattr__(name: str) -> Any:
    """`from untrain.methods import CoUn` loads its file only."""
    if name == "Contrastive":
        from untrain.methods.terms import Contrastive

        return Contrastive
    for method in methods.modules:
        if method.replace("-", "") == name.lower():
            return methods.get(method)
    raise AttributeError(f"no method {name}; see: untrain list methods")
