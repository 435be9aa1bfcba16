"""How much each weight matters to some images: squared gradients of their losses, in eval mode.

    batch-squared   I = (1/n) sum_k b_k (grad CE_k)^2,  CE_k a mean over the b_k images of batch k
    per-sample      I = (1/n) sum_x (grad l(x, y))^2
    Fisher          F = (1/n) sum_x sum_c p_c (grad l(x, c))^2,   l(x, c) = -log p_c

Batch-squared is near mu^2 + sigma^2 / b of the images' gradients, so it depends on the batches.
Papers: Foster, Schoepf, Brintrup 2024, arXiv 2308.07707 (SSD); Golatkar, Achille, Soatto 2020,
arXiv 1911.04933 (Fisher).
Differences: batches weigh by their images; else a small last one would look important.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

Importances = dict[str, Tensor]
"""By the name of a trainable parameter: a tensor of its shape, >= 0."""
CLASSES = 10
"""Classes whose gradients are in memory at once, each of the model's size."""


def batch_squared(model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> Importances:
    """The squared gradient of each batch's mean cross-entropy.

    model: returns `Output`; it is put in eval mode. batches: images (B, C, H, W), labels (B,).
    Raises ValueError if there is no image.
    """
    total, count = _start(model), 0
    for x, y in batches:
        loss = cross_entropy(model(x).logits, y)
        gradients = torch.autograd.grad(loss, _trainable(model), materialize_grads=True)
        for squares, gradient in zip(total.values(), gradients, strict=True):
            squares.addcmul_(gradient, gradient, value=len(y))
        count += len(y)
    return _mean(total, count)


def per_sample(model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> Importances:
    """The squared gradient of each image's cross-entropy, whatever the batches are.

    Images go through one by one: it needs the memory of one gradient, and any model can do it.
    """
    pairs = (zip(torch.split(x, 1), torch.split(y, 1), strict=True) for x, y in batches)
    return batch_squared(model, (pair for batch in pairs for pair in batch))


def fisher(model: nn.Module, batches: Iterable[Tensor]) -> Importances:
    """The diagonal of the Fisher information: the expected square under the model's own p.

    batches: images (B, C, H, W), without labels; each costs a forward and a backward per class.
    Raises ValueError if there is no image.
    """
    total, count = _start(model), 0
    for x in (image for batch in batches for image in torch.split(batch, 1)):
        log_p = model(x).logits.log_softmax(1)[0]  # (C,)
        roots = log_p.detach().div(2).exp().diag()  # (C, C); sqrt(p_c), to be squared with it
        for some in torch.split(roots, CLASSES):
            gradients = torch.autograd.grad(
                log_p,
                _trainable(model),
                some,
                is_grads_batched=True,
                retain_graph=True,
                materialize_grads=True,
            )
            for squares, gradient in zip(total.values(), gradients, strict=True):
                squares.add_(gradient.square().sum(0))  # (classes, *shape) -> shape
        count += 1
    return _mean(total, count)


def _start(model: nn.Module) -> Importances:
    """Zeros for each trainable parameter of a model that is put in eval mode."""
    model.eval()
    named = model.named_parameters()
    return {name: torch.zeros_like(weight) for name, weight in named if weight.requires_grad}


def _trainable(model: nn.Module) -> list[Tensor]:
    """The parameters that `_start` names, in its order."""
    return [weight for weight in model.parameters() if weight.requires_grad]


def _mean(total: Importances, count: int) -> Importances:
    """Sums over the images as averages."""
    if count == 0:
        raise ValueError("importances need at least one image")
    return {name: squares / count for name, squares in total.items()}
