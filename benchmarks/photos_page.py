"""The page of results/photos, from what the commands of `photos.py` have printed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from photos import Size


def page(size: Size, found: dict[str, Any], commands: list[str]) -> str:
    """README.md of the results."""
    lines = [
        "# Two users ask: a folder of 5,000 real photos",
        "",
        wrapped(
            f"{size.train:,} training and {size.test:,} test images of CIFAR-10 as PNG files in "
            f"folders of classes, with a `metadata.csv` of {size.users} made-up users who have "
            f"{size.least} to {size.most} photos each. Photos were dealt to users at random. A "
            "fifth of the training photos is held out; what a user has there, or among the test "
            "photos, was never trained on. One seed of each method, two Retrains; values of "
            "methods from another study. All of it, with the commands at the end, by:"
        ),
        "",
        "```sh",
        "python benchmarks/photos.py --data-root DATA",
        "```",
        "",
        "## `untrain inspect`",
        "",
        "```",
        found["inspect"].rstrip(),
        "```",
    ]
    for name, one in found["requests"].items():
        lines += [
            "",
            f"## {name.capitalize()} request: `--forget {one['rule']}`, {one['photos']} photos",
            "",
            "`untrain plan`:",
            "",
            "```",
            one["plan"].rstrip(),
            "```",
            "",
            "Beside Retrain:",
            "",
            one["table"].rstrip(),
            "",
            wrapped(
                "Verdicts, of a table of methods from which nothing is chosen. AUC: forgotten "
                "against unseen photos, chance is .5. Healed: accuracy on forgotten less that on "
                "unseen photos after five passes over retained ones. Would clear: the smallest "
                "margin of AUC at which the model would have passed (the audit's own is 5 points)."
            ),
            "",
            *judged(one["verdicts"]),
        ]
    lines += ["", "## The commands", "", "```sh", *commands, "```"]
    return "\n".join(lines) + "\n"


def judged(verdicts: list[dict[str, Any]]) -> Iterator[str]:
    """A table of verdicts, with what they rest on."""
    yield "| model | verdict | AUC (95 %) | healed, points (95 %) | beside Retrains | would clear |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for one in verdicts:
        found = {finding["key"]: finding for finding in one["findings"]}
        level, healing = found.get("level"), found.get("healing")
        beside, clears = found.get("references"), (level or {}).get("more", {}).get("clears")
        cells = [one["model"], one["verdict"], spread(level), spread(healing, 100)]
        cells += [spread(beside), f"{100 * clears:.0f} points" if clears else "-"]
        yield f"| {' | '.join(cells)} |"


def spread(finding: dict[str, Any] | None, scale: int = 1) -> str:
    """A value with its interval, - where there is none."""
    if finding is None or finding["value"] is None:
        return "-"
    digits = 3 if scale == 1 else 1
    value, low, high = (scale * finding[name] for name in ("value", "low", "high"))
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def wrapped(text: str) -> str:
    """A paragraph in lines of the width of the other pages."""
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)
