"""What `untrain inspect` prints: sections of plain lines, and what to look at."""

from __future__ import annotations

import sys
from typing import Any

from untrain.cli.doctor import Rows, size, table
from untrain.data.images import COLOUR

MOST = 20
"""Classes that are all shown; of more, the largest and the smallest."""
BAR = 30
"""Signs of the longest bar."""
NAME = 18
"""Signs of a class's name."""
LONG = 60
"""Signs of a name above which its value stands further right than the others."""
SETS = {
    "retain": "trained on",
    "val": "for choices, such as when to stop",
    "unseen": "never seen: the audit's reference",
    "test": "for accuracy",
}
COLOURS = {1: "gray", 3: "colour"}

Found = dict[str, Any]


def show(found: Found) -> None:
    """Print the findings of an overview, with `memory` and `stream` added."""
    sections = {
        "Data": data(found),
        f"Classes ({len(found['classes']):,}), training images of each": bars(found),
        "Keys and columns": columns(found),
        "What --forget takes here": rules(found),
        "The split of a run": divided(found),
        "The same image twice": duplicates(found),
    }
    for title, rows in sections.items():
        table(title, aligned(rows))
    told = remarks(found)
    print("\n".join(["To look at", *(f"  {line}" for line in told)] if told else ["All is well."]))


def aligned(rows: Rows) -> Rows:
    """The same, with all values in one column where names are long."""
    wide = max((len(name) for name, _ in rows if len(name) <= LONG), default=0)
    return [
        (name.ljust(wide) + "  ", value) if wide >= NAME else (name, value) for name, value in rows
    ]


def data(found: Found) -> Rows:
    parts = ", ".join(f"{n:,} {name or 'without a part'}" for name, n in found["parts"].items())
    height, width = found["stored"]
    seen = f" (the model sees {found['width']}x{found['height']})"
    seen = "" if [found["height"], found["width"]] == found["stored"] else seen
    kind = COLOURS.get(found["channels"], f"{found['channels']} channels")
    numbers = zip(found["mean"], found["std"], strict=True)
    constants = ", ".join(f"{mean:.4g} ± {std:.4g}" for mean, std in numbers)
    if (tuple(found["mean"]), tuple(found["std"])) == COLOUR:
        constants += " (those of CIFAR-10; --normalise)"
    needed, free = found["memory"]["resident"], found["memory"]["available"]
    memory = f"{size(needed)} to train on" + (f", {size(free)} are free" if free else "")
    memory = "read in chunks (--stream)" if found["stream"] else memory
    return [
        ("name", found["name"]),
        ("images", f"{found['images']:,}" + (f": {parts}" if parts else "")),
        ("pixels", f"{width}x{height}{seen}, {kind}, {found['type']}"),
        *([("files", originals(found["files"]))] if found["files"] else []),
        ("normalised with", constants if found["type"] == "uint8" else "nothing: they are floats"),
        ("augmentation", f"{found['augment']} (--augment)"),
        ("memory", f"{size(found['bytes'])} of pixels; {memory}"),
    ]


def originals(files: dict[str, Any]) -> str:
    """The sizes that files have, and what they are beside plain colour images."""
    ends = ["x".join(map(str, files[end])) for end in ("smallest", "largest")]
    sizes = f"{files['sizes']:,} sizes, {ends[0]} to {ends[1]}" if files["sizes"] > 1 else ends[0]
    return ", ".join([sizes, *(f"{count:,} {kind}" for kind, count in files["kinds"].items())])


def bars(found: Found) -> Rows:
    """A bar for each class; of many classes, for the largest and the smallest."""
    even, listed, hidden = found["balance"], found["classes"], []
    if len(listed) > MOST:
        ordered = sorted(listed, key=lambda one: -one["train"])
        listed, hidden = ordered[: MOST // 2], ordered[MOST // 2 : -MOST // 2]
        tail = ordered[-MOST // 2 :]
    rows = [bar(one, even["largest"]) for one in listed]
    if hidden:
        rows += [("...", f"{len(hidden):,} more"), *(bar(one, even["largest"]) for one in tail)]
    told = f"largest {even['largest']:,}, smallest {even['smallest']:,}"
    return [*rows, ("", f"{told}: {even['ratio']:.3g} to 1")]


def bar(one: dict[str, Any], most: int) -> tuple[str, str]:
    """The line of a class."""
    length = max(1, round(BAR * one["train"] / most)) if one["train"] else 0
    name = one["name"] if len(one["name"]) <= NAME else one["name"][: NAME - 1] + "…"
    sign = "█" if sys.stdout.isatty() else "#"
    return name, f"{one['train']:>7,}  {sign * length}"


def columns(found: Found) -> Rows:
    rows = [("keys", ", ".join(found["keys"]) + ", ...")]
    for one in found["columns"]:
        examples = one["examples"]
        listed = ", ".join(f"{quoted(value) or '(empty)'} ({n:,})" for value, n in examples.items())
        if one["values"] > len(examples):
            listed += ", ..."
        if one["values"] == found["images"]:  # an id
            first = ", ".join(list(examples)[:3])
            listed = f"{first}, ...: one for each image; --key {one['name']} makes it the key"
        plural = "value" if one["values"] == 1 else "values"
        rows.append((one["name"], f"{one['values']:,} {plural}: {listed}"))
    return rows


def quoted(value: str) -> str:
    """A value as --forget where: takes it: in quotes if it holds a sign of the rule's."""
    if not set(value) & set(",|\"'"):
        return value
    return f"'{value}'" if '"' in value else f'"{value}"'


def rules(found: Found) -> Rows:
    rows = [(one["rule"], f"{one['images']:,} images") for one in found["rules"]]
    return [*rows, ("ids:FILE", f"a text file with one key a line, such as {found['keys'][0]}")]


def divided(found: Found) -> Rows:
    """The sets; images that were drawn for testing are told, as no part of the data says them."""
    drawn = " (drawn: the data have no part of that name)" if "test" not in found["parts"] else ""
    told = SETS | {"test": SETS["test"] + drawn * bool(found["split"]["test"])}
    return [(name, f"{found['split'][name]:>7,}  {text}") for name, text in told.items()]


def duplicates(found: Found) -> Rows:
    twins = found["duplicates"]
    if not twins["groups"]:
        return [("none", "no two images have equal pixels")]
    first = ("groups", f"{twins['groups']:,}, of {twins['images']:,} images together")
    shown = [
        ("", " = ".join(f"{one['key']} ({one['class']})" for one in group))
        for group in twins["examples"]
    ]
    more = twins["groups"] - len(shown)
    return [first, *shown, *([("", f"and {more:,} more")] if more else [])]


def remarks(found: Found) -> list[str]:
    """What a person should look at, each with what can be done."""
    from untrain.data.pixels.decode import shown

    even, twins, sizes = found["balance"], found["duplicates"], found["split"]
    needed, free = found["memory"]["resident"], found["memory"]["available"]
    lack, empty, names = found["uncovered"], even["empty"], found["names"]
    bare = found["bare"]
    told = {
        f"Equal images with different labels: {twins['two_labels']:,}. Decide which label is "
        "right.": twins["two_labels"],
        f"Equal images on both sides of the split: {twins['leaks']:,}. The one counts as never "
        "seen, and the other is trained on: take one out.": twins["leaks"],
        f"Classes that are perhaps one: {shown([' = '.join(one) for one in names['same']])}. Join "
        "them if they are.": names["same"],
        f"Classes that perhaps stand for missing labels: {shown(names['none'])}.": names["none"],
        "To forget an image that is there twice, name both keys.": twins["groups"],
        f"Classes without a training image: {len(empty):,} ({shown(empty)}).": empty,
        f"Classes with fewer than 10 training images: {even['small']:,}.": even["small"],
        "Nothing is left unseen, so that an audit has nothing to compare with: --holdout 0.2, or "
        "--unseen.": not sizes["unseen"],
        f"Classes without an unseen image, which no audit can judge: {len(lack):,} "
        f"({shown(lack)}).": lack and sizes["unseen"],
        f"Training images of which no column says anything: {len(bare):,} ({shown(bare)}). Is "
        "there a row for each?": bare,
        f"They need {size(needed)} of memory and {size(free)} are free: --stream 8192 reads "
        "them in chunks.": 0 < free < needed and not found["stream"],
    }
    return [sentence for sentence, true in told.items() if true]
