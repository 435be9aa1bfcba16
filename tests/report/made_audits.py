"""What audits leave of made-up runs: values of each audit, a verdict, and joint files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from untrain.bench.audits.packing import packed

if TYPE_CHECKING:
    from made_results import Run

SETS = {"retain": 4500, "forget": 500, "unseen": 5000, "test": 10000}
BINS = 40
NONE = {"value": None, "error": None}


def lost_classes(run: Run, rules: Sequence[str]) -> list[int]:
    """Classes that are gone as a whole: of the rules `class:K`."""
    names = run.made.names
    told = [rule.partition(":")[2] for rule in rules if rule.startswith("class:")]
    return sorted({int(one) if one.isdigit() else names.index(one) for one in told})


def known(run: Run, rules: Sequence[str]) -> dict[str, float]:
    """Share of each set that is classified rightly: Retrain's for near 1, Original's for 0."""
    chance, near = run.chance, run.near
    forget = 0.998 - near * (0.998 if lost_classes(run, rules) else 0.38)
    lost = 0.0 if run.label in ("original", "retrain") else 0.08 * (1 - near)
    draws = chance.normal(0, 0.006, 4)
    base = (0.997 - 2 * lost, forget, 0.62 - lost, 0.615 - lost)
    found = [float(np.clip(b + d, 0, 1)) for b, d in zip(base, draws, strict=True)]
    return dict(zip(("retain", "forget", "unseen", "test"), found, strict=True))


def accuracy(run: Run, rules: Sequence[str]) -> dict[str, Any]:
    share = known(run, rules)
    auc = 0.78 - 0.27 * run.near + float(run.chance.normal(0, 0.004))
    values = {
        "retain_accuracy": round(100 * share["retain"], 6),
        "unlearn_accuracy": round(100 - 100 * share["forget"], 6),
        "test_accuracy": round(100 * share["test"], 6),
        "mia_efficacy": round(100 - 100 * share["forget"] + 2.5, 6),
        "membership_auc": round(auc, 6),
    }
    if lost_classes(run, rules):
        values["gone_test_accuracy"] = round(90 * (1 - run.near), 6)
    for number in range(1, len(rules) + 1) if len(rules) > 1 else ():
        values[f"unlearn_accuracy_{number}"] = values["unlearn_accuracy"] + number
    draws = {"draws": {"mia_efficacy": [values["mia_efficacy"]]}}
    return values | draws | {"about": {"reference": "unseen"}, "choosing": values | draws}


def answers(run: Run, rules: Sequence[str]) -> dict[str, Any]:
    chance, names, gone = run.chance, run.made.names, lost_classes(run, rules)
    share = known(run, rules)
    auc = accuracy(run, rules)["membership_auc"]
    fpr = np.r_[0, np.geomspace(2e-4, 1, 120)]
    tpr = np.clip(fpr ** (1 / auc - 1), 0, 1)
    histograms = {}
    centres = (np.arange(BINS) + 0.5) / BINS
    for signal, low, high in (
        ("confidence", 0.0, 1.0),
        ("loss", 0.0, 8.0),
        ("entropy", 0.0, 2.3),
        ("margin", -10.0, 20.0),
    ):
        counts, means = {}, {}
        for name, size in SETS.items():
            odds = centres ** (8 * share[name]) * (1 - centres)
            odds = odds[::-1] if signal in ("loss", "entropy") else odds
            counts[name] = chance.multinomial(size, odds / odds.sum()).tolist()
            means[name] = low + (high - low) * float(centres @ counts[name]) / size
        histograms[signal] = {"low": low, "high": high, "counts": counts, "means": means}
    right = {}
    for name, size in SETS.items():
        classes = gone if name == "forget" and gone else range(len(names))
        each = size // len(classes)
        right[name] = {
            str(k): [int(chance.binomial(each, np.clip(share[name], 0, 1))), each] for k in classes
        }
    return {
        "classes": names,
        "reference": "unseen",
        "images": SETS,
        "roc": {
            "signal": "margin",
            "auc": auc,
            "error": 0.0131,
            "fpr": [round(float(x), 6) for x in fpr],
            "tpr": [round(float(x), 6) for x in tpr],
            "tpr_at": {"0.001": round(0.001 + 0.01 * (1 - run.near), 6), "0.01": 0.012},
            "least": 1 / SETS["unseen"],
        },
        "histograms": histograms,
        "accuracy": right,
    }


def destination(run: Run, rules: Sequence[str]) -> dict[str, Any]:
    names, gone, chance = run.made.names, lost_classes(run, rules), run.chance
    share = known(run, rules)

    def counted(right: float, each: int) -> dict[str, dict[str, int]]:
        rows = {}
        for k in gone or range(len(names)):
            odds = np.exp(-np.abs(np.arange(len(names)) - k) / 1.5)
            odds[k] = 0
            odds = odds / odds.sum() * (1 - right)
            odds[k] = right
            drawn = chance.multinomial(each, odds / odds.sum())
            rows[str(k)] = {str(to): int(n) for to, n in enumerate(drawn) if n}
        return rows

    return {
        "classes": names,
        "gone": gone,
        "reference": "unseen",
        "forget": counted(share["forget"], 50),
        "unseen": counted(share["unseen"], 500),
    }


def centroids(run: Run, rules: Sequence[str]) -> dict[str, Any]:
    names, gone, chance = run.made.names, lost_classes(run, rules), run.chance
    retained = [k for k in range(len(names)) if k not in gone]

    def apart(shift: float) -> dict[str, list[float]]:
        return {
            str(k): [
                round(4 + shift * (j != k) + float(chance.normal(0, 0.2)), 4) for j in retained
            ]
            for k in gone or range(len(names))
        }

    return {
        "classes": names,
        "gone": gone,
        "retained": retained,
        "radius": [round(3 + float(chance.random()), 4) for _ in retained],
        "forget": apart(0.5 - run.near / 4),
        "unseen": apart(0.4),
        "own_class": NONE if gone else {"value": round(0.9 - run.near / 3, 4), "error": 0.01},
    }


def predictions(run: Run, rules: Sequence[str]) -> dict[str, Any]:
    drawn = run.chance.integers(0, len(run.made.names), 500)
    return {"images": 500, "keys": "0" * 64, "predicted": packed(drawn, len(run.made.names))}


def lemma(run: Run, rules: Sequence[str]) -> dict[str, Any]:
    eps = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0]
    share = [round(1 - x * x * (0.9 + 0.1 * run.near), 6) for x in eps]
    curve = {
        "share": share,
        "low": [x * 0.98 for x in share],
        "high": [min(1, x + 0.01) for x in share],
    }
    sets = {name: {"n": 1500, **curve} for name in ("retain", "forget", "test")}
    theorem = {"delta": 29.9, "eps": 1.0, "sigma": 0.0125, "lipschitz": 0.025, "misaligned": 0.003}
    theorem |= {"rho_max": 2.0, "delta_mu": 0.3, "pairs": 0.0, "bound": 0.99, "error": 0.4}
    return {
        "eps": eps,
        "curves": {"crop+flip": sets, "crop+flip+color": sets},
        "sigma": {"delta": [30.0, 60.0, 90.0], "sigma": [0.0125, 0.1, 1.0]},
        "theorem": theorem | {"vacuous": True},
    }


AUDITS: dict[str, Callable[[Run, Sequence[str]], dict[str, Any]]] = {
    "accuracy": accuracy,
    "answers": answers,
    "destination": destination,
    "centroids": centroids,
    "predictions": predictions,
    "lemma": lemma,
}


RELEARNING = {"forget": [3.0, 4.0, 3.5], "unseen": [3.2, 4.1, 3.9], "target": 0.97}


def verdict_of(run: Run) -> dict[str, Any]:
    """RUN/audit/verdict.json, as `untrain audit RUN` leaves it."""
    fails = run.near < 0.7
    word = "FAIL-RESIDUAL" if fails else "PASS"
    auc, level = 0.78 - 0.27 * run.near, 0.15 * (1 - run.near)
    curve = [
        {
            "lr": lr,
            "epoch": epoch,
            "forget": round(0.62 + level, 4),
            "unseen": 0.61,
            "level": round(0.01 + level * epoch / 5, 4),
            "auc": round(auc + 0.01 * epoch, 4),
        }
        for lr in (0.005, 0.05)
        for epoch in (1, 3, 5)
    ]
    return {
        "schema": 1,
        "untrain": "0.1.0",
        "verdict": word,
        "reasons": ["Forgotten images can be told from unseen ones."] * fails,
        "model": run.label,
        "request": {"title": f"{run.made.data} / forget {run.made.rule}", "kind": "records"},
        "gate": not fails,
        "terms": {
            "margin": 0.05,
            "alpha": 0.008333,
            "level": 0.05,
            "lr": 0.05,
            "epochs": 5,
            "loss": None,
            "deals": 10000,
            "samples": 10,
            "candidates": 1,
            "corrected": False,
        },
        "conditions": [
            {
                "key": "unseen",
                "title": "Unseen images",
                "met": True,
                "sentence": "5,000 images that the model has never seen stand beside them.",
                "more": {},
            }
        ],
        "findings": [
            _finding("level", "Telling them apart", auc, fails, {"clears": 0.06, "error": 0.013}),
            _finding("healing", "Healing", level, fails, {"before": 0.04, "curve": curve}),
            _finding("relearning", "Relearning", 0.97 - level, False, RELEARNING),
        ],
        "utility": [
            {
                "name": "test",
                "before": 63.0,
                "after": 62.0,
                "low": -1.8,
                "high": -0.1,
                "retrain": -2.4,
            }
        ],
        "log": {
            "label": run.label,
            "checkpoints": {"parent": "", "child": run.weights},
            "time": {"started": "2026-11-20T12:00:00Z", "ended": "2026-11-20T12:01:00Z"},
        },
        "evidence": None,
    }


def _finding(
    key: str, title: str, value: float, fails: bool, more: dict[str, Any]
) -> dict[str, Any]:
    return {
        "key": key,
        "title": title,
        "definition": f"{title.lower()}, as it is measured",
        "sentence": f"{title}: {value:.3f}.",
        "state": "fail" if fails else "pass",
        "side": "residual" if fails else "",
        "value": round(value, 6),
        "low": round(value - 0.03, 6),
        "high": round(value + 0.03, 6),
        "target": {"level": 0.5, "healing": 0.0, "relearning": 1.0}[key],
        "margin": 0.25 if key == "relearning" else 0.05,
        "p": 0.0003 if fails else 0.4,
        "sees": 0.06,
        "beside": {"original": 0.783, "retrain": 0.509, "chance": 0.5} if key == "level" else {},
        "more": more,
    }


def joint_of(runs: Sequence[Run], rules: Sequence[str]) -> dict[str, Any]:
    """measures/joint-*.json: embeddings, layers and alignment of several models together."""
    made = runs[0].made
    chance = np.random.default_rng(made.seed)
    count, classes = made.points, len(made.names)
    labels = chance.integers(0, classes, count)
    sets = chance.choice(["forget", "retain", "unseen"], count, p=[0.3, 0.5, 0.2])
    angle = 2 * np.pi * labels / classes
    x, y, predicted, purity, layers, alignment = {}, {}, {}, {}, {}, {}
    for run in runs:
        row = run_row(run)
        spread = chance.normal(0, 4, (2, count))
        x[row] = np.round(30 * np.cos(angle) + spread[0], 2).tolist()
        y[row] = np.round(30 * np.sin(angle) + spread[1], 2).tolist()
        wrong = chance.random(count) < np.where(sets == "forget", 0.4 * run.near, 0.1)
        moved = (labels + chance.integers(1, max(2, classes), count)) % classes
        predicted[row] = np.where(wrong, moved, labels).tolist()
        purity[row] = {"forget": round(0.95 - 0.3 * run.near, 4), "retain": 0.93}
        names = ["stem", "layer1", "layer2", "layer3", "layer4", "features"]
        fall = np.linspace(0.99, 0.7 - 0.2 * run.near, len(names))
        like = {part: np.round(fall, 4).tolist() for part in ("forget", "retain", "unseen")}
        alone = row in ("retrain",) or not any(other.label == "retrain" for other in runs)
        layers[row] = {"names": names, "original": like, "retrain": None if alone else like}
        alignment[row] = lemma(run, rules) | {"augment": "crop+flip", "sets": _views(run)}
    return {
        "schema": 1,
        "rules": list(rules),
        "models": [{"row": run_row(run), "weights": run.weights, "seed": run.seed} for run in runs],
        "classes": made.names,
        "embedding": {
            "about": {
                "source": "embeddings",
                "seed": 0,
                "perplexity": 30,
                "axes": 50,
                "nearest": 10,
                "shown": {
                    name: int((sets == name).sum()) for name in ("forget", "unseen", "retain")
                },
                "of": {"forget": 500, "unseen": 5000, "retain": 4500},
            },
            "keys": [f"{k:05}" for k in range(count)],
            "labels": labels.tolist(),
            "sets": sets.tolist(),
            "x": x,
            "y": y,
            "predicted": predicted,
            "purity": purity,
            "apart": {run_row(run): _apart(run, runs) for run in runs},
            "fit": {"divergence": 1.234, "points": count * len(runs)},
        },
        "layers": layers,
        "alignment": alignment,
    }


def _views(run: Run) -> dict[str, dict[str, float]]:
    near = {"retain": 0.05, "forget": 0.05 + 0.1 * run.near, "test": 0.15}
    return {
        name: {"n": 500, "alignment": round(value, 4), "uniformity": round(-2.5 - value, 4)}
        for name, value in near.items()
    }


def _apart(run: Run, runs: Sequence[Run]) -> dict[str, Any]:
    """From the places of an image under Original and under Retrain, in units of its features."""
    near = {"original": run.near, "retrain": 1 - run.near}
    labels = {other.label for other in runs}
    return {
        name: None
        if name == run.label
        else {part: round(0.3 + 0.5 * near[name], 4) for part in ("forget", "unseen", "retain")}
        for name in near
        if name in labels
    }


def run_row(run: Run) -> str:
    told = ", ".join(f"{name} {value}" for name, value in run.settings.items())
    return f"{run.label} ({told})" if told else run.label
