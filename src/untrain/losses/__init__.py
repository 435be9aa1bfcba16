"""Loss functions: pure, fp32 inside; and the queue of features that one of them can use."""

from untrain.losses.contrastive import info_nce
from untrain.losses.distill import kl
from untrain.losses.queue import FeatureQueue
from untrain.losses.unlearning import cu_loss

__all__ = ["FeatureQueue", "cu_loss", "info_nce", "kl"]
