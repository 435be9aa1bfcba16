"""Small result files: a store without weights and outputs, from which tables and studies go on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Any

from untrain.bench.kept.store import State, Store
from untrain.files import atomic

ROOTS = {"--data-root": "DATA", "--store": "STORE", "--take-from": "RUNS"}
"""Flags whose value is a place on one machine, and what stands for it."""


def export(store: Store, addresses: Iterable[str], out: Path) -> int:
    """Write the records and measures of these runs into a store without weights.

    Returns how many runs were written. No place of this machine is among what is written.
    """
    small = Store(out).open()
    count = 0
    for address in dict.fromkeys(addresses):
        run = store.record(address)
        if run is None or store.state(address) != State.DONE:
            continue
        write(small.folder(address) / "run.json", portable(run))
        for path in sorted((store.folder(address) / "measures").glob("*.json")):
            write(small.folder(address) / "measures" / path.name, json.loads(path.read_text()))
        count += 1
    copy_sets(store, small)
    return count


def take_all(source: Store, store: Store) -> int:
    """Take records and measures over that a store lacks; returns of how many runs."""
    count = 0
    for folder in sorted((source.root / "runs").iterdir()):
        address = folder.name
        if source.state(address) != State.DONE or store.state(address) == State.DONE:
            continue
        with store.claim(address) as mine:
            if mine:
                shutil.copytree(
                    folder / "measures", store.folder(address) / "measures", dirs_exist_ok=True
                )
                write(store.folder(address) / "run.json", source.record(address))
                count += 1
    copy_sets(source, store)
    return count


def copy_sets(source: Store, store: Store) -> None:
    for path in sorted(source.sets.glob("*.json")):
        if not (store.sets / path.name).exists():
            with atomic(store.sets / path.name) as draft:
                shutil.copyfile(path, draft)


def portable(run: dict[str, Any]) -> dict[str, Any]:
    """The record without the places of the machine that has written it."""
    config = dict(run["config"])
    config["data"] = config["data"] | {"data_root": ""}
    select = config.get("select", {})
    if "retrain" in select:
        config["select"] = select | {"retrain": PurePath(select["retrain"]).name}
    words = str(run.get("command", "")).split(" ")
    told = [portable_word(before, word) for before, word in zip(["", *words], words, strict=False)]
    return run | {"config": config, "command": " ".join(told)}


def portable_word(before: str, word: str) -> str:
    """A word of a command, which follows another one, without places of one machine."""
    flag, equals, _ = word.partition("=")
    if equals and flag in ROOTS:
        return f"{flag}={ROOTS[flag]}"
    if before in ROOTS:
        return ROOTS[before]
    return PurePath(word).name if word.startswith("/") else word


def write(path: Path, content: Any) -> None:
    """JSON on one line: there are many of these files."""
    with atomic(path) as draft:
        draft.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n")
