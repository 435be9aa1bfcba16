"""Retrain-short: Retrain compressed to a budget, the baseline that no paper prints."""

from __future__ import annotations

from dataclasses import dataclass

from untrain.methods.contract import register
from untrain.methods.retrain import Retrain


@register
@dataclass(frozen=True, kw_only=True)
class RetrainShort(Retrain):
    """Retrain with its schedule compressed into fewer epochs:  L = CE(retain).

    Give it as many epochs as cost what the method costs (two for one of CoUn). It has seen no
    forgotten image, so what it lacks is accuracy only. Warm-up and decay keep their shares.
    """

    paper = "a control: exact unlearning at equal cost"
    presets = {"native": {}, "coun": {}, "laptop": {**Retrain.presets["laptop"], "epochs": 10}}

    epochs: int = 100
    """Passes over the images, at least 1; the CoUn protocol's 50 epochs cost as much as 100."""
