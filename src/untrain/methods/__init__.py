"""One file per method; each is found by its file name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from untrain.registry import methods

if TYPE_CHECKING:
    from untrain.methods.bad_teacher import BadTeacher as BadTeacher
    from untrain.methods.boundary_expand import BoundaryExpand as BoundaryExpand
    from untrain.methods.boundary_shrink import BoundaryShrink as BoundaryShrink
    from untrain.methods.cf_k import CFk as CFk
    from untrain.methods.coun import CoUn as CoUn
    from untrain.methods.cu import CU as CU
    from untrain.methods.eu_k import EUk as EUk
    from untrain.methods.fisher import Fisher as Fisher
    from untrain.methods.ft import FT as FT
    from untrain.methods.ga import GA as GA
    from untrain.methods.l1_sparse import L1Sparse as L1Sparse
    from untrain.methods.mask_class import MaskClass as MaskClass
    from untrain.methods.neggrad_plus import NegGradPlus as NegGradPlus
    from untrain.methods.not_ import NoT as NoT
    from untrain.methods.random_label import RandomLabel as RandomLabel
    from untrain.methods.retrain import Retrain as Retrain
    from untrain.methods.retrain_short import RetrainShort as RetrainShort
    from untrain.methods.salun import SalUn as SalUn
    from untrain.methods.scrub import Scrub as Scrub
    from untrain.methods.ssd import SSD as SSD
    from untrain.methods.terms import Contrastive as Contrastive
    from untrain.methods.unsir import Unsir as Unsir


def __getattr__(name: str) -> Any:
    """`from untrain.methods import CoUn` loads its file only."""
    if name == "Contrastive":
        from untrain.methods.terms import Contrastive

        return Contrastive
    for method in methods.modules:
        if method.replace("-", "") == name.lower():
            return methods.get(method)
    raise AttributeError(f"no method {name}; see: untrain list methods")
