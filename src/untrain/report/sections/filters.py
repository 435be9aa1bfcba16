"""Which images a method treats otherwise than Retrain does: the filters of the embedding.

By the predictions of Original, Retrain and the method, right where they are the image's label:
`same`: a forgotten image that Original has right, Retrain and the method have wrong. `still`: a
forgotten one that Original and the method have right, Retrain has wrong. `over`: any image that
Retrain has right and the method has wrong. Others are of no kind: for most, nothing has changed.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

NAMES = {
    "all": "All",
    "forgotten": "Forgotten images",
    "same": "Forgotten, as by Retrain",
    "still": "Still known",
    "over": "Over-forgotten",
}
"""What a reader chooses from."""
KINDS = ("still", "over", "same")
MEANING = (
    "Forgotten, as by Retrain: a forgotten image that Original labels right, and neither Retrain "
    "nor the method does. Still known: Original and the method label it right, Retrain does not. "
    "Over-forgotten: an image of any set that Retrain labels right and the method does not. Two "
    "Retrains disagree on images too: compare counts, and do not read a single image as proof."
)


def kinds(
    labels: np.ndarray, forgotten: np.ndarray, predicted: Mapping[str, np.ndarray], method: str
) -> np.ndarray:
    """`same`, `still`, `over` or "" of each image (N,); all "" without a Retrain.

    forgotten: (N,) bool. predicted: by row; without `original` it is taken to have known them all.
    """
    found = np.full(len(labels), "", dtype="<U5")
    if "retrain" not in predicted:
        return found
    everything = np.ones(len(labels), dtype=bool)
    knew = predicted["original"] == labels if "original" in predicted else everything
    retrain, mine = predicted["retrain"] == labels, predicted[method] == labels
    found[forgotten & knew & ~retrain & ~mine] = "same"
    found[forgotten & knew & ~retrain & mine] = "still"
    found[retrain & ~mine] = "over"
    return found
