"""The rows of `audit --details`: what each is called, what it means, and what it should be."""

from __future__ import annotations

from dataclasses import dataclass

from untrain.metrics.audit import Metric

EPS = 0.5
"""The eps at which R[eps] stands in the table; the whole curve is among the values."""
RETRAIN, FEATURES, UNSEEN, VIEWS, OTHER = (
    "Forgotten images, against Retrain",
    "Features, against Retrain",
    "Forgotten against unseen images of the same class, no Retrain needed",
    "Two views of an image (CoUn's theory)",
    "Calibration",
)


@dataclass(frozen=True)
class Measure(Metric):
    """A row: a metric, and under which heading it stands."""

    group: str = RETRAIN


FLOOR = "Retrain against Retrain"
MEASURES = (
    Measure("agreement", "agreement", FLOOR, "same prediction as Retrain's, %"),
    Measure(
        "error_jaccard",
        "errors shared",
        FLOOR,
        "images both models get wrong, of those either gets wrong, %",
    ),
    Measure(
        "destination_tv",
        "destination TV",
        FLOOR,
        "total variation of the shares of predicted classes, mean over classes, 0 to 1",
        3,
    ),
    Measure(
        "destination_p",
        "  p",
        FLOOR,
        "that both models send the images to the same classes (paired permutations); two "
        "Retrains need not",
        3,
    ),
    Measure("soft_tv", "soft TV", FLOOR, "the same of mean probabilities", 3),
    Measure("js", "JS", FLOOR, "Jensen-Shannon divergence of probabilities, nats, 0 to 0.693", 4),
    Measure(
        "ad_l2",
        "activation L2",
        FLOOR,
        "Euclidean distance of probabilities, mean over images, 0 to 1.414",
        3,
    ),
    Measure(
        "tow",
        "ToW",
        "1",
        "product of 1 - gap over accuracies on forgotten, retained and test images",
        4,
    ),
    Measure("tow_forget", "  forget", "1", "its factor of forgotten images", 4),
    Measure("tow_retain", "  retain", "1", "its factor of retained images", 4),
    Measure("tow_test", "  test", "1", "its factor of test images", 4),
    Measure("tow_mia", "ToW-MIA", "1", "the same, the first factor of MIA efficacy", 4),
    Measure(
        "cka_forget",
        "CKA forget",
        FLOOR,
        "likeness of features on forgotten images, 1 is the same up to rotation (debiased)",
        3,
        FEATURES,
    ),
    Measure("cka_retain", "CKA retain", FLOOR, "the same on retained images", 3, FEATURES),
    Measure("cka_unseen", "CKA unseen", FLOOR, "the same on unseen images", 3, FEATURES),
    Measure(
        "cka_original",
        "CKA Original",
        "Retrain's",
        "likeness to the Original's features on forgotten images",
        3,
        FEATURES,
    ),
    Measure(
        "centroid_l1",
        "centroids L1",
        FLOOR,
        "distances of forgotten images to the centres of retained classes, by the largest of the "
        "row: sum of differences to Retrain's",
        3,
        FEATURES,
    ),
    Measure(
        "centroid_rank",
        "centroids rank",
        FLOOR,
        "rank correlation of these distances with Retrain's",
        3,
        FEATURES,
    ),
    Measure(
        "unseen_tv",
        "destination TV",
        "its floor",
        "total variation of where forgotten and unseen images of a class go",
        3,
        UNSEEN,
    ),
    Measure("unseen_tv_floor", "  floor", "", "what equal shares come to by chance", 3, UNSEEN),
    Measure("unseen_tv_p", "  p", "not small", "that both go to the same classes", 3, UNSEEN),
    Measure(
        "own_class",
        "to own centre",
        "0",
        "distance to the centre of the own class, forgotten less unseen, in radii; below 0 is "
        "memorised",
        3,
        UNSEEN,
    ),
    Measure(
        "steadiness",
        "steadiness",
        "0",
        "augmented views predicted as the image itself, forgotten less unseen, points of %",
        2,
        UNSEEN,
    ),
    Measure(
        "energy",
        "energy distance",
        "its floor",
        "of features, forgotten against unseen, over twice their mean distance, unbiased",
        4,
        UNSEEN,
    ),
    Measure(
        "energy_floor", "  floor", "", "unseen against unseen, mean over random splits", 4, UNSEEN
    ),
    Measure("energy_p", "  p", "not small", "that both have the same features", 3, UNSEEN),
    *(
        Measure(
            f"misaligned_{name}",
            f"R[{EPS}] {name}",
            "Retrain's",
            f"{name} images whose two views lie further than {EPS} apart, unit features, %",
            2,
            VIEWS,
        )
        for name in ("retain", "forget", "test")
    ),
    Measure(
        "lemma",
        "forget - retain",
        "0 or more",
        "R of forgotten less R of retained images, points of %; lemma 1 says not below 0",
        2,
        VIEWS,
    ),
    Measure(
        "bound",
        "Theorem 1 bound",
        "",
        "on the head's error, (1 - sigma) + R; vacuous from 1 on, or where a pair of classes does "
        "not meet the condition",
        3,
        VIEWS,
    ),
    Measure("rho", "  rho_max", "under 0.27", "beyond it the theorem says nothing", 2, VIEWS),
    Measure("pairs", "  pairs met", "100", "class pairs that meet its condition, %", 0, VIEWS),
    Measure("head_error", "  error", "", "the head's error on test images, %", 2, VIEWS),
    *(
        Measure(
            f"ece_{name}",
            f"ECE {name}",
            "0" if name == "test" else "Retrain's",
            f"|confidence - accuracy| on {name} images, 15 bins, chance taken off, points of %",
            2,
            OTHER,
        )
        for name in ("test", "forget", "unseen")
    ),
)


def layer(name: str) -> Measure:
    """The row of an inner layer."""
    words = "likeness on forgotten images of what this layer gives, mean over pixels"
    return Measure(f"cka/{name}", f"  {name}", FLOOR, words, 3, FEATURES)
