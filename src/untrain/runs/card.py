"""The model card: data, what was forgotten, how, what an audit found, limits, and how to load it.

Written from what `facts` says, so that nothing in it tells which images were forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LIBRARIES = {"hf": "transformers", "timm": "timm", "": "pytorch", "torchvision": "pytorch"}
"""What the hub calls the package that loads a model, by the prefix of the network."""
MEANS = {
    "PASS": "no trace of the forgotten images was found, and traces above the margin would have "
    "been",
    "FAIL-RESIDUAL": "something of the forgotten images is left in the model",
    "FAIL-OVERFORGET": "the forgotten images stand out by being less known than new ones",
    "INCONCLUSIVE": "the forgotten images were neither shown to be gone nor shown to be left",
    "NOT-TESTABLE": "this test could not have seen these images in the first place",
}
LIMITS = (
    "No behaviour of a model proves that an image was deleted: the same weights can arise with "
    "and without it. Deletion is a property of the process, of which the lineage above is a part.",
    "Copies of the data, earlier weights and their backups are not covered. Beside this model the "
    "weights that it was made from show which images were forgotten: keep them from whoever has "
    "this one.",
    "The model answers for images like those that it was trained on, and for no others.",
)
NAMED = 100
"""Classes that are named."""
NOT_AUDITED = "Nobody has audited these weights, or the audit was of other ones. See: untrain audit"


def card(facts: Mapping[str, Any], loading: str, license: str = "") -> str:
    """The card as Markdown with the hub's front matter.

    loading: Python code that makes `model` of the files in `FOLDER`. license: "" leaves it out.
    """
    parts = [
        front(facts, license),
        f"# {title(facts)}",
        intro(facts),
        "## Data",
        data(facts),
        "## What was forgotten",
        forgotten(facts),
        "## Method",
        method(facts),
        "## Lineage",
        lineage(facts),
        "## Audit",
        audit(facts),
        *numbers(facts),
        "## Limits",
        listed([*LIMITS, *names(facts)]),
        "## Load it",
        f"```python\n{usage(facts, loading)}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def front(facts: Mapping[str, Any], license: str) -> str:
    """What the hub reads."""
    tags = ["image-classification", *["machine-unlearning"] * bool(facts["forgotten"]), "untrain"]
    lines = [f"library_name: {LIBRARIES[facts['model']['package']]}"]
    lines += [f"license: {license}"] * bool(license)
    lines += ["pipeline_tag: image-classification", "tags:", *(f"- {tag}" for tag in tags)]
    return "\n".join(["---", *lines, "---"])


def title(facts: Mapping[str, Any]) -> str:
    return f"{facts['model']['name']} on {facts['data']['name']}, {facts['label']}"


def intro(facts: Mapping[str, Any]) -> str:
    count = sum(one["images"] for one in facts["forgotten"])
    of = f"An image classifier of {len(facts['model']['classes'])} classes"
    if not count:
        return f"{of}. Nothing was removed from it."
    images = f"{count:,} training image{'s' * (count != 1)}"
    found = facts["audit"].get("verdict", "")
    told = "No audit says whether it did."
    if found in MEANS:
        told = f"An audit says: {MEANS[found]} ({found})."
    return f"{of}. `{facts['label']}` was to remove the influence of {images} from it. {told}"


def data(facts: Mapping[str, Any]) -> str:
    model, images = facts["model"], facts["data"]["images"]
    height, width = model["size"]
    rows = [[name, f"{count:,}"] for name, count in images.items()]
    constants = [", ".join(f"{value:g}" for value in model[name]) for name in ("mean", "std")]
    sets = table(["set", "images"], rows)
    more = f" and {len(model['classes']) - NAMED} more" * (len(model["classes"]) > NAMED)
    classes = f"Classes, in the order of the outputs: {', '.join(model['classes'][:NAMED])}{more}."
    planted = facts["data"]["planted"]
    if facts["data"]["resized"]:
        side = f"The shorter side of a photo was resized to {model['stored'][0]} pixels, bicubic"
        classes = f"{side}, and the middle {height} x {width} taken. {classes}"
    classes += f" Before training `{planted}` was planted into the data." * bool(planted)
    return (
        f"{facts['data']['name']}: images of {height} x {width} pixels, {model['channels']} "
        f"channel{'s' * (model['channels'] != 1)}, normalised on the scale [0, 1] "
        f"with mean {constants[0]} and standard deviation {constants[1]}. {classes}\n\n{sets}"
    )


def forgotten(facts: Mapping[str, Any]) -> str:
    if not facts["forgotten"]:
        return "Nothing."
    rows = [
        [str(number), f"{one['images']:,}", one["rule"]]
        for number, one in enumerate(facts["forgotten"], 1)
    ]
    told = "This card says how many, and not which; neither do the files beside it."
    return f"{table(['request', 'images', 'chosen by'], rows)}\n\n{told}"


def method(facts: Mapping[str, Any]) -> str:
    own = {"name": facts["method"].get("name", ""), **facts["method"]}
    rows = [[f"`{name}`", f"`{value}`"] for name, value in own.items()]
    for term in facts["terms"]:
        rows += [[f"`{term['name']}.{name}`", f"`{value}`"] for name, value in term.items()]
    rows.append(["`seed`", f"`{facts['seed']}`"])
    rows += [["chosen by", facts["chosen_by"]]] * bool(facts["chosen_by"])
    paper = f"\n\nPaper: {facts['paper']}." * bool(facts["paper"])
    return table(["setting", "value"], rows) + paper


def lineage(facts: Mapping[str, Any]) -> str:
    known = {
        "SHA-256 of the run's weights": facts["lineage"]["weights"],
        "of the weights before": facts["lineage"]["parent"] or "none: trained from scratch",
        "of the first weights": facts["lineage"]["root"],
        "started from": facts["model"]["pretrained"],
        "made": facts["ended"],
        "untrain": " ".join([facts["versions"]["trained_with"], facts["versions"]["commit"]]),
        "torch": facts["versions"]["torch"],
        "exported with untrain": facts["versions"]["untrain"],
        "and": facts["versions"]["package"],
    }
    return table(["", ""], [[name, value] for name, value in known.items() if value.strip()])


def audit(facts: Mapping[str, Any]) -> str:
    said = facts["audit"]
    if not said:
        return NOT_AUDITED
    lines = [
        f"**{said['verdict']}**: {MEANS.get(said['verdict'], 'see untrain audit')}. "
        f"The margin is {100 * said['margin']:g} points of AUC."
    ]
    if (said["candidates"] or 1) > 1:
        lines.append(f"{said['candidates']} models were audited for this request.")
    rows = [
        [
            one["key"],
            one["state"],
            number(one["value"]),
            f"{number(one['low'])} to {number(one['high'])}" if one["low"] is not None else "",
            number(one["sees"]),
        ]
        for one in said["tests"]
    ]
    head = ["test", "state", "value", "95 %", "smallest departure it would have seen"]
    changes = [
        f"{one['name']} accuracy: {one['before']:.1f} % before, {one['after']:.1f} % after."
        for one in said["utility"]
    ]
    return "\n\n".join(
        [*lines, *[table(head, rows)] * bool(rows), *[listed(changes)] * bool(changes)]
    )


def numbers(facts: Mapping[str, Any]) -> list[str]:
    """Accuracy on each set, where an audit has left it."""
    rows = [[name, f"{value:.2f} %"] for name, value in facts["accuracy"].items()]
    return ["## Accuracy", table(["set", "right"], rows)] if rows else []


def names(facts: Mapping[str, Any]) -> list[str]:
    """A warning where a whole class was forgotten, whose name stays."""
    if not any(one["rule"] in ("class", "subclass") for one in facts["forgotten"]):
        return []
    return ["The list of classes still has the names of all classes, of forgotten ones as well."]


def usage(facts: Mapping[str, Any], loading: str) -> str:
    """Code that loads the model and asks it."""
    model = facts["model"]
    height, width = model["size"]
    mean, std = (", ".join(f"{value:g}" for value in model[name]) for name in ("mean", "std"))
    return "\n".join(
        [
            "import torch",
            loading.replace("\n\n", '\n\nFOLDER = "."  # where these files are\n', 1),
            "",
            f"pixels = torch.rand(1, {model['channels']}, {height}, {width})  # in [0, 1]",
            f"mean, std = torch.tensor([{mean}]), torch.tensor([{std}])",
            "with torch.inference_mode():",
            "    outputs = model((pixels - mean[:, None, None]) / std[:, None, None])",
            'logits = getattr(outputs, "logits", outputs)  # one row per image',
        ]
    )


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def listed(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; bars inside cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    cells = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)
