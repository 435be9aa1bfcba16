"""Small result files: a store without weights and outputs, from which tables and studies go on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

from untrain.bench.kept import listing
from untrain.bench.kept.retold import placeless, retold
from untrain.bench.kept.store import State, Store
from untrain.data.sets.hidden import hidden
from untrain.errors import UserError
from untrain.files import TORN, atomic
from untrain.runs.record import rules_of


def export(store: Store, addresses: Iterable[str], out: Path) -> int:
    """Write the records and measures of these runs into a store without weights.

    Returns how many runs were written. No place of this machine is among what is written.
    """
    if out.resolve() == store.root.resolve():
        what = f"{out} is the store itself, whose records stay as they are."
        raise UserError(what, "--out", "Choose another folder.")
    small = Store(out).open(where="--out")
    written: list[str] = []
    for address in dict.fromkeys(addresses):
        run = store.record(address)
        if run is None or store.state(address) != State.DONE:
            continue
        write(small.folder(address) / "run.json", portable(run))
        for path in whole(store.folder(address) / "measures"):
            content = json.loads(path.read_text())
            content |= {"rules": [*map(hidden, content.get("rules", []))]}
            write(small.folder(address) / "measures" / path.name, content)
        export_verdict(store.folder(address), small.folder(address), rules_of(run))
        written.append(address)
    copy_sets(store, small)
    listing.copy(store.root, small.root, written)
    return len(written)


def export_verdict(run: Path, out: Path, rules: Iterable[str]) -> None:
    """Copy the page of an audit, if there is one that can be read, without places of the machine.

    rules: of the run's requests.
    """
    path = Path("audit") / "verdict.json"
    with suppress(*TORN):
        content = json.loads((run / path).read_text())
        log, request, title = content["log"], content["request"], str(content["request"]["title"])
        for rule in rules:
            title = title.replace(rule, hidden(rule))
        if "requests" in log:
            asked = [one | {"rule": hidden(one["rule"])} for one in log["requests"]]
            log = log | {"requests": asked}
        log = log | {"command": retold(str(log.get("command", "")))}
        write(out / path, content | {"log": log, "request": request | {"title": title}})


def take_all(source: Store, store: Store) -> int:
    """Take records and measures over that a store lacks; returns of how many runs."""
    count = 0
    for folder in sorted((source.root / "runs").glob("*")):
        address = folder.name
        if source.state(address) != State.DONE or store.state(address) == State.DONE:
            continue
        measures = whole(folder / "measures")
        with store.claim(address) as mine:
            if mine and measures:
                for path in measures:
                    write(
                        store.folder(address) / "measures" / path.name, json.loads(path.read_text())
                    )
                write(store.folder(address) / "run.json", source.record(address))
                count += 1
    copy_sets(source, store)
    return count


def copy_sets(source: Store, store: Store) -> None:
    for path in whole(source.sets):
        if not (store.sets / path.name).exists():
            content = json.loads(path.read_text())
            write(store.sets / path.name, content | {"rules": [*map(hidden, content["rules"])]})


def whole(folder: Path) -> list[Path]:
    """The JSON files of a folder that can be read; no drafts of processes that were killed."""
    found = []
    for path in sorted(folder.glob("[!.]*.json")):
        with suppress(*TORN):
            json.loads(path.read_text())
            found.append(path)
    return found


def portable(run: dict[str, Any]) -> dict[str, Any]:
    """The record without the places of the machine that has written it; what of its rules may name
    a person is a pseudonym."""
    config = run["config"] | {"forget": placeless(hidden(run["config"]["forget"]))}
    sources = {k: placeless(v) for k, v in config["data"].items() if isinstance(v, str)}
    config["data"] = config["data"] | sources | {"data_root": ""}
    asked = [one | {"rule": placeless(hidden(one["rule"]))} for one in run.get("requests", [])]
    select = config.get("select", {})
    if "retrain" in select:
        config["select"] = select | {"retrain": PurePath(select["retrain"]).name}
    requests = {"requests": asked} if "requests" in run else {}
    command = retold(str(run.get("command", "")))
    return run | {"config": config, "command": command} | requests


def write(path: Path, content: Any) -> None:
    """JSON on one line: there are many of these files."""
    with atomic(path) as draft:
        draft.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n")
