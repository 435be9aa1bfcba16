"""A folder of runs by address, in which several processes and machines may work at once.

STORE/store.json          schema
STORE/sets/               what data settings and forget rules have come to
STORE/runs/ADDRESS/       a run, its measures/, and failed.json where it could not be made
STORE/log.jsonl           when which run was started, finished or failed, and by whom
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from untrain.errors import MISSING, DiskError, UserError
from untrain.files import DRAFT, TORN, alone, file_hash, write_json
from untrain.runs.record import SchemaError, read

SCHEMA = 1
"""Of a store; raised when what it holds changes its meaning."""


class State(StrEnum):
    """How far a run is."""

    DONE = "done"
    """Its run.json is there. Its weights may have been left out."""
    FAILED = "failed"
    UNFINISHED = "unfinished"
    """Stopped on its way, or being made."""
    DAMAGED = "damaged"
    """Its run.json cannot be read; it is made again."""
    MISSING = "missing"


@dataclass(frozen=True)
class Store:
    """root: its folder, made with the first run."""

    root: Path

    def open(self, write: bool = True, where: str = "--store") -> Store:
        """The store, if it is one of this version; made if there is none and it is to be written.

        where: the flag that names it, for messages.

        Raises UserError if the folder is something else, or of another schema.
        """
        path = self.root / "store.json"
        if not path.is_file():
            if self.root.exists() and not (self.root.is_dir() and self._empty()):
                what = f"{self.root} is no store of runs."
                raise UserError(what, where, "Name a new folder, or that of a store.")
            if not write:
                what = f"There is no store {self.root} yet."
                raise UserError(what, where, "Run a study first: untrain bench run", MISSING)
            write_json(path, {"schema": SCHEMA, "what": "runs of untrain bench"})
        try:
            schema = json.loads(path.read_text())["schema"]
        except TORN as error:
            fix = f'Write {{"schema": {SCHEMA}}} into it, or name another store.'
            raise UserError(f"{path} is damaged.", where, fix) from error
        if schema != SCHEMA:
            raise UserError(
                f"{self.root} is a store of schema {schema}; this version reads {SCHEMA}.",
                where=where,
                fix="Read it with the version that wrote it, or run the study into another store.",
            )
        return self

    def _empty(self) -> bool:
        """Whether the folder holds nothing but what another process is just writing."""
        names = {path.name for path in self.root.iterdir() if not path.name.startswith(DRAFT)}
        return names <= {"store.json"}

    def folder(self, address: str) -> Path:
        return self.root / "runs" / address

    @property
    def sets(self) -> Path:
        return self.root / "sets"

    def state(self, address: str) -> State:
        folder = self.folder(address)
        if (folder / "run.json").is_file():
            return State.DONE if self.record(address) else State.DAMAGED
        if (folder / "failed.json").is_file():
            return State.FAILED
        return State.UNFINISHED if (folder / "resume.safetensors").exists() else State.MISSING

    def record(self, address: str) -> dict[str, Any] | None:
        """The run.json of a run; None where there is none that can be read.

        Raises UserError if it is sound and of another schema.
        """
        try:
            run = read(self.folder(address))
        except SchemaError:
            raise
        except UserError:
            return None
        parts = ("config", "images", "split", "checkpoints", "cost")
        return run if all(isinstance(run[name], dict) for name in parts) else None

    def failure(self, address: str) -> dict[str, Any]:
        """Why a run has failed; {} where it has not, or nothing can be read of it."""
        try:
            content = dict(json.loads((self.folder(address) / "failed.json").read_text()))
        except TORN:
            return {}
        return content

    def usable(self, address: str) -> bool:
        """Whether other runs can start from it: its own weights are there."""
        run, weights = self.record(address), self.folder(address) / "model.safetensors"
        if run is None or not weights.is_file():
            return False
        state = weights.stat()
        found = _hash(weights, state.st_mtime_ns, state.st_size)
        return bool(found == run["checkpoints"]["child"])

    @contextmanager
    def claim(self, address: str) -> Iterator[bool]:
        """Whether this process alone may make the run while the block runs; dies with it."""
        with alone(self.folder(address) / ".claim") as mine:
            yield mine

    def clear(self, address: str) -> None:
        """Remove what was made of a run, so that it is made anew."""
        for path in self.folder(address).iterdir():
            if path.name not in (".claim", ".lock"):
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def fail(self, address: str, kind: str, error: UserError) -> None:
        """Note why a run could not be made. kind: refused, which the same settings will always be,
        or broken, which may go another time."""
        told = {"what": error.what, "where": error.where, "fix": error.fix, "code": error.code}
        write_json(self.folder(address) / "failed.json", {"kind": kind, **told, **_who()})

    def forgive(self, address: str, kinds: tuple[str, ...] = ("broken",)) -> bool:
        """Let a failed run be tried again; returns whether it was one of these kinds."""
        if self.failure(address).get("kind", "broken") not in kinds:
            return False
        (self.folder(address) / "failed.json").unlink(missing_ok=True)
        (self.folder(address) / "tries.json").unlink(missing_ok=True)
        return True

    def log(self, event: str, address: str, **more: Any) -> None:
        """Add a line to the log; lines of several processes never mix."""
        line = json.dumps({"event": event, "run": address, **more, **_who()}) + "\n"
        try:
            with (self.root / "log.jsonl").open("ab", buffering=0) as file:
                file.write(line.encode())
        except OSError as error:
            what = f"The log of {self.root} cannot be written: {error.strerror or error}."
            raise DiskError(what, "--store", "Free some space, or choose another.") from error

    def events(self) -> list[dict[str, Any]]:
        """The log, oldest first; a line that was cut short is left out."""
        path = self.root / "log.jsonl"
        found = []
        for line in path.read_text().splitlines() if path.is_file() else []:
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found


@cache
def _hash(path: Path, changed: int, size: int) -> str:
    """The hash of a file as it is since it was changed, computed once."""
    return file_hash(path)


def _who() -> dict[str, Any]:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {"time": now, "host": socket.gethostname(), "process": os.getpid()}
