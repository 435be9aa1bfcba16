"""Forget against unseen: can a model's answers tell what it was trained on from what it was not?"""

from untrain.metrics.membership.auc import membership_auc, stratified_auc

__all__ = ["membership_auc", "stratified_auc"]
