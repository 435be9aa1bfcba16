"""Loss functions: pure, fp32 inside."""

from untrain.losses.contrastive import info_nce

__all__ = ["info_nce"]
