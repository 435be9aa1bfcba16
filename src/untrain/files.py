"""Files that are whole or absent: written beside their place and renamed into it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from math import ceil
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from untrain.errors import MISSING, DiskError, UserError
from untrain.progress import say

TORN = (OSError, ValueError, KeyError, TypeError, EOFError, RecursionError, BadZipFile)
"""What reading an npz or JSON file raises that is missing, cut short or of another kind."""
DRAFT = ".draft-"
"""What the names of unfinished files begin with."""


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a draft path of the same suffix; rename it to `path` if the block succeeds.

    Raises UserError when the disk is full or the folder cannot be written.
    """
    # processes of two machines may have one number
    draft = path.with_name(f"{DRAFT}{os.getpid()}-{secrets.token_hex(4)}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        with draft.open("rb") as written:
            os.fchmod(written.fileno(), 0o644)
            os.fsync(written.fileno())
        draft.replace(path)
    except OSError as error:
        raise DiskError(
            f"Could not write {path.name}: {error.strerror or error}.",
            where=str(path.parent),
            fix="Free some space or choose another folder; what was written before is intact.",
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


@contextmanager
def lock(folder: Path, wait: str = "", where: str = "--out") -> Iterator[None]:
    """Have a folder for oneself while the block runs; a killed process leaves no lock behind.

    Drafts that killed processes have left in it are removed.

    wait: what to tell while another process works in it; "" raises UserError instead.
    where: the flag or folder that an error names.
    Raises UserError if the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".lock").open("w")
    except OSError as error:
        raise UserError(
            f"{folder} cannot be written: {error.strerror or error}.",
            where=where,
            fix="Choose another folder.",
            code=MISSING,
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if not wait:
                raise UserError(
                    f"Another process is working in {folder}.",
                    where=where,
                    fix="Wait for it, or choose another folder.",
                    code=MISSING,
                ) from error
            say(wait)
            fcntl.flock(file, fcntl.LOCK_EX)
        for stale in folder.glob(f"{DRAFT}*"):
            shutil.rmtree(stale) if stale.is_dir() else stale.unlink(missing_ok=True)
        yield


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Whether this process is the only one to hold a lock file while the block runs.

    Nobody waits: False where another process holds it. A killed process holds nothing.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        what = f"{path.parent} cannot be written: {error.strerror or error}."
        raise DiskError(what, str(path.parent), "Free some space, or choose another.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True


def writable(folder: Path) -> bool:
    """Whether `lock` could have this folder."""
    try:
        with (folder / ".lock").open("a"):
            return True
    except OSError:
        return False


def check_space(folder: Path, needed: int) -> None:
    """Raise UserError if the disk that holds a folder has fewer than `needed` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskError(
            f"The disk has {free / 1e6:,.0f} MB free, and {ceil(needed / 1e6):,} MB may be needed.",
            where=str(folder),
            fix="Free some space, or choose a folder on another disk.",
        )


def write_json(path: Path, content: Any) -> None:
    """Write readable JSON atomically."""
    with atomic(path) as draft:
        draft.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write NumPy arrays by name as npz, atomically."""
    with atomic(path) as draft:
        np.savez(draft, **arrays)


@contextmanager
def readable(path: Path, where: str) -> Iterator[None]:
    """Turns a failure to read a file in its block into a UserError (3)."""
    try:
        yield
    except OSError as error:
        what = f"{path} cannot be read: {error.strerror or error}."
        raise UserError(what, where, "Check its permissions.", MISSING) from error


def read_text(path: Path, where: str, fix: str) -> str:
    """The text of a file in UTF-8, without the mark that some programs begin it with.

    where, fix: of the UserErrors that are raised if it cannot be read (3) or is no text (2).
    """
    try:
        with readable(path, where):
            text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not text.", where, fix) from error
    if "\0" in text:
        raise UserError(f"{path} is not text.", where, fix)
    return text


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def matching(folder: Path, pattern: str) -> list[Path]:
    """What lies in a folder by a pattern, sorted; nothing where the folder goes away meanwhile."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []
