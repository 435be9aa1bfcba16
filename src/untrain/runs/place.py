"""What an --out folder holds already, looked at before any work is done."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from untrain.data.sets.hidden import hidden
from untrain.data.sets.splits import NAMES
from untrain.errors import MISSING, UserError
from untrain.files import TORN, file_hash
from untrain.models.checkpoint import load
from untrain.runs.record import read

ELSEWHERE = "Choose another folder, or remove it."


def check_place(out: Path, config: Mapping[str, Any], key: str | None = None) -> bool:
    """Whether the run is in its folder already, finished.

    config: the settings of the run, as they are recorded. key: of the run; None where settings are
    wrong or missing, so that a run in the folder is known to be another one by its settings alone.
    Raises UserError if the folder cannot be one, or holds anything else that would be overwritten.
    """
    existing = next(place for place in (out, *out.absolute().parents) if os.path.lexists(place))
    check_apart(out, str(config.get("data", {}).get("data", "")))
    if not os.path.isdir(existing):
        what = f"{out} cannot be written: {existing} is no folder."
        raise UserError(what, "--out", "Choose another folder.", MISSING)
    if (out / "run.json").exists():
        return check_run(out, config, key)
    if (out / "resume.safetensors").exists():
        check_unfinished(out, key)
    else:
        check_strangers(out)
    return False


def check_apart(out: Path, data: str) -> None:
    """Refuse a run inside of the folder of its images, where its files would be taken for some."""
    kind, _, path = data.partition(":")
    root, place = Path(path).resolve(), out.resolve()
    looked_into = kind in ("folder", "arrow") and place.is_relative_to(root)
    if looked_into or (kind == "numpy" and place == root):
        what = f"{out} lies in the folder of the images, {root}."
        raise UserError(what, "--out", "Choose a folder outside of it.")


def check_run(out: Path, config: Mapping[str, Any], key: str | None) -> bool:
    """Whether the finished run of a folder is the one with this key; another one is refused."""
    try:
        run = read(out)
    except UserError as error:
        raise UserError(error.what, "--out", ELSEWHERE) from error
    differ = differences(run["config"], config)
    if run["key"] == key:
        check_weights(out, run)
        return True
    if key is None and not differ:
        return False
    raise UserError(
        f"{out} holds another finished run ({differ or 'of other images or another model'}).",
        "--out",
        ELSEWHERE,
    )


def check_weights(out: Path, run: Mapping[str, Any]) -> None:
    """Refuse a finished run that has lost its weights."""
    weights = out / "model.safetensors"
    if not weights.is_file() or file_hash(weights) != run["checkpoints"]["child"]:
        raise UserError(
            f"{out} holds this run, but its {weights.name} is missing or was changed.",
            where="--out",
            fix="Put the file back, or remove the folder and make the run again.",
        )


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """In which settings two runs differ, in words; of those that both have."""
    old, new = flat(before), flat(now)
    if old.get("--forget") == hidden(new.get("--forget", "")):  # a purge has hidden what it names
        new["--forget"] = old["--forget"]
    if old.get("method") != new.get("method") and {"method"} <= old.keys() & new.keys():
        return f"method {old['method']}, not {new['method']}"
    changed = [name for name in old if name in new and old[name] != new[name]]
    told = [f"{name} {told_as(old[name])}, not {told_as(new[name])}" for name in changed]
    return "; ".join(told[:4]) + ("; ..." if len(told) > 4 else "")


def told_as(value: Any) -> str:
    return str(value) or "none"


def flat(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a run by the names of their flags; the method's name is `method`."""
    method = dict(config.get("method", {}))
    named = {"method": method.pop("name")} if "name" in method else {}
    parts = {**config.get("data", {}), **config.get("model", {}), **method}
    parts |= {"select": "none", **config.get("select", {})}
    parts |= {"available": 1.0, "forget_data": True, **config.get("at_hand", {})}
    parts.pop("data_root", None)  # the same files may lie elsewhere
    terms = {f"{t['name']}.{k}": v for t in config.get("terms", []) for k, v in t.items()}
    single = {name: config[name] for name in ("forget", "seed") if name in config}
    flags = {f"--{name.replace('_', '-')}": value for name, value in {**parts, **terms}.items()}
    return named | flags | {f"--{name}": value for name, value in single.items()}


def check_unfinished(out: Path, key: str | None) -> None:
    """Refuse the unfinished run of other settings, and a state that cannot be read."""
    try:
        _, about = load(out / "resume.safetensors")
    except UserError as error:
        if error.code == MISSING:  # another process has just finished its run
            return
        fix = "Remove this file; the run then starts anew."
        raise UserError(error.what, str(out / "resume.safetensors"), fix) from error
    if key is not None and about.get("key") != key:
        raise UserError(
            f"{out} holds an unfinished run with other settings.",
            where="--out",
            fix="Use the same settings and the same data to resume it, or another --out.",
        )


def check_strangers(out: Path) -> None:
    """Refuse files that no run has left and that this one would overwrite."""
    strangers = [name for name, ours in OURS.items() if (out / name).exists() and not ours(out)]
    if strangers:
        raise UserError(
            f"{out} has a {' and a '.join(strangers)} of something else, which the run would "
            "overwrite.",
            where="--out",
            fix="Choose another folder.",
        )


def own_weights(out: Path) -> bool:
    """Whether the weights were written by a run, whose key is with them."""
    try:
        return "key" in load(out / "model.safetensors")[1]
    except UserError:
        return False


def own_split(out: Path) -> bool:
    """Whether the split was written by a run."""
    try:
        with (out / "split.npz").open("rb") as file, np.load(file) as saved:
            return set(NAMES) <= set(saved.files)
    except (*TORN, AttributeError):
        return False


OURS = {"model.safetensors": own_weights, "split.npz": own_split}
"""Files that a killed run may leave without a resume state, and how they are known."""
