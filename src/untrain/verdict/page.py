"""The page: what was tested, what was found, what could have been seen, and what is not covered.

For a data-protection officer first, in whole sentences; the numbers stand below for engineers.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator

from untrain.verdict.examine import Verdict
from untrain.verdict.findings import Finding
from untrain.verdict.healing import RATES
from untrain.verdict.utility import Change

MEANS = {
    "PASS": "no trace was found, and traces above the stated limits would have been",
    "FAIL-RESIDUAL": "something of the erased images is left in the model",
    "FAIL-OVERFORGET": "the erased images stand out by being less known than new ones",
    "INCONCLUSIVE": "neither shown to be gone nor shown to be left",
    "NOT-TESTABLE": "no test of behaviour can answer here, for this reason",
}
MARKS = {"pass": "passed", "fail": "FAILED", "open": "open", "off": "not applicable"}
COVERED = (
    "Copies of the data or of earlier models, backups, and deliberate deception by the operator. "
    "Behaviour cannot prove deletion: the same weights can arise with and without an image, and "
    "deletion is in the end a property of the process (logged below)."
)
WIDTH = 96


def sections(verdict: Verdict) -> Iterator[tuple[str, list[str]]]:
    """Title and paragraphs of each section, in order; a list's lines begin with "- "."""
    case = verdict.case
    counts = f"{len(case.forgotten)} of them audited" if len(case.chosen_on) else "all audited"
    erased = len(case.task.split.forget)
    yield f"Result: {verdict.word}", [f"That is: {MEANS[verdict.word]}.", *_reasons(verdict)]
    what = f"Erase {erased} image{'s' * (erased != 1)}, {counts}."
    yield "Request", [" ".join([f"{case.title}. {what} Model: {case.label}.", *case.lacks])]
    yield (
        "What we tested",
        ["Whether the model treats the erased images differently from images it has never seen."],
    )
    yield "Is the test meaningful", [f"- {one.sentence}" for one in verdict.conditions]
    yield "Findings", [f"- [{MARKS[one.state]}] {one.sentence}" for one in verdict.findings]
    yield "Rank of each image beside models that never saw it", _ranks(verdict)
    yield "Usefulness (no part of the verdict)", [*map(_change, verdict.utility), *_limit(verdict)]
    yield "Sensitivity", _sensitivity(verdict)
    yield "Not covered", [COVERED, *_old_models(verdict)]


def _ranks(verdict: Verdict) -> list[str]:
    found = [one.more["ranks"] for one in verdict.findings if one.key == "references"]
    return [
        f"- {key}: looks more known than {100 * (1 - p):.1f} % of unseen images of its class"
        for key, p in (found[0] if found else {}).items()
    ]


def _reasons(verdict: Verdict) -> list[str]:
    return [f"- {reason}" for reason in verdict.judgement.reasons]


def _change(change: Change) -> str:
    names = {"test": "Test accuracy (retained classes)", "retain": "Accuracy on retained images"}
    low, high = change.low, change.high
    told = (
        f"- {names[change.name]}: {change.before:.1f} % before, {change.after:.1f} % after "
        f"({change.after - change.before:+.1f} points, 95 % {low:+.1f} to {high:+.1f})"
    )
    if math.isfinite(change.retrain):
        told += f"; training again without the images alone gives {change.retrain:+.1f}"
    return f"{told}."


def _limit(verdict: Verdict) -> list[str]:
    if not math.isfinite(verdict.terms.loss):
        return []
    word = "kept" if not verdict.lost > verdict.terms.loss else "NOT kept"
    return [f"- The limit of {verdict.terms.loss:g} points of lost test accuracy was {word}."]


def _sensitivity(verdict: Verdict) -> list[str]:
    lines = []
    for key, unit in (("level", "points of AUC"), ("healing", "points of accuracy after healing")):
        found = [one for one in verdict.findings if one.key == key and math.isfinite(one.sees)]
        for one in found:
            lines += [_sees(one, unit), _clears(one, unit)]
    count, terms = verdict.case.candidates, verdict.terms
    if math.isfinite(terms.lr):  # else there was nothing to test by
        lines.append(
            f"Each test that can fail has a level of {terms.alpha:.4f}; margin "
            f"{100 * terms.margin:g} points; {terms.epochs} passes of healing at rates "
            f"{' and '.join(f'{share * terms.lr:g}' for share in RATES)}."
        )
    if count > 1 and verdict.case.corrected:
        lines.append(f"{count} models have been audited for this request; the level is shared.")
    elif count > 1:
        lines.append(f"{count} models were audited for this request; as a benchmark, uncorrected.")
    return lines


def _sees(one: Finding, unit: str) -> str:
    excluded = f"A PASS excludes {100 * one.margin:.1f} {unit} or more"
    if one.sees >= 0.5:
        return f"{excluded}; with so few images no departure would surely have failed."
    return (
        f"{excluded}; {100 * one.sees:.1f} or more would have failed with 90 % probability. "
        "Smaller traces cannot be excluded."
    )


def _clears(one: Finding, unit: str) -> str:
    return f"The smallest margin that this model clears is {100 * one.more['clears']:.1f} {unit}."


def _old_models(verdict: Verdict) -> list[str]:
    before = verdict.case.original
    if before is None:
        return []
    return [
        f"Older checkpoints (the Original, sha256 {before.weights[:16]}) must be destroyed: beside "
        "the new model they show which images were erased. untrain traces lists what is left."
    ]


def numbers(verdict: Verdict) -> list[list[str]]:
    """Header and a row per test: value, interval, goal, limit, p, the other models, state."""
    others = [
        name
        for name in ("original", "retrain", "reference")
        if any(name in one.beside for one in verdict.findings)
    ]
    rows = [["test", "value", "95 %", "goal", "limit", "p", *others, "state"]]
    for one in verdict.findings:
        rows.append(
            [
                one.key,
                _number(one.value),
                "-" if math.isnan(one.low) else f"{one.low:.3f} to {one.high:.3f}",
                _number(one.target),
                "-" if math.isnan(one.margin) else f"±{one.margin:.3f}",
                _number(one.p, 4),
                *(_number(one.beside.get(name, math.nan)) for name in others),
                MARKS[one.state],
            ]
        )
    return rows


def _number(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "-"


def definitions(verdict: Verdict) -> list[str]:
    return [f"{one.key}: {one.definition}." for one in verdict.findings]


def log(verdict: Verdict) -> list[str]:
    """The process log, a line per entry."""
    entries = verdict.case.log
    found = {
        "command": entries.get("command"),
        "weights": entries.get("checkpoints", {}).get("child"),
        "started from": entries.get("checkpoints", {}).get("parent") or "fresh weights",
        "keys before": entries.get("keys_before"),
        "keys after": entries.get("keys_retain"),
        "keys forgotten": entries.get("keys_forget"),
        "code": " ".join(
            str(entries.get("environment", {}).get(name, "")) for name in ("untrain", "commit")
        ).strip(),
        "seed": entries.get("seed"),
        "ended": entries.get("time", {}).get("ended"),
        "run.json sha256": entries.get("run_json"),
    }
    return [f"{name}: {value}" for name, value in found.items() if value not in (None, "")]


def text(verdict: Verdict, width: int = WIDTH) -> str:
    """The page as plain text."""
    lines: list[str] = []
    for title, paragraphs in sections(verdict):
        if paragraphs:
            lines += ["", title]
        for one in paragraphs:
            hang = "    " if one.startswith("- ") else "  "
            lines += textwrap.wrap(one, width, initial_indent="  ", subsequent_indent=hang)
    rows = numbers(verdict)
    if len(rows) > 1:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines += ["", "Numbers"]
        for row in rows:
            cells = zip(row, widths, strict=True)
            lines.append("  " + "  ".join(cell.ljust(wide) for cell, wide in cells).rstrip())
    lines += ["", "Process log", *(f"  {line}" for line in log(verdict))]
    return "\n".join(lines[1:])


def markdown(verdict: Verdict) -> str:
    """The page as Markdown, with the definition of every number."""
    parts = [f"# Audit of {verdict.case.label}"]
    for title, paragraphs in sections(verdict):
        if not paragraphs:
            continue
        parts.append(f"## {title}")
        listed = [one for one in paragraphs if one.startswith("- ")]
        parts += [one for one in paragraphs if not one.startswith("- ")]
        parts += ["\n".join(listed)] * bool(listed)
    rows = numbers(verdict)
    if len(rows) > 1:
        table = ["| " + " | ".join(row) + " |" for row in rows]
        table.insert(1, "|" + " --- |" * len(rows[0]))
        parts += ["## Numbers", "\n".join(table)]
        parts.append("\n".join(f"- {line}" for line in definitions(verdict)))
    parts += ["## Process log", "\n".join(f"- {line}" for line in log(verdict))]
    return "\n\n".join(parts) + "\n"
