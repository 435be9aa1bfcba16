"""Progress on stderr: a live bar for people, plain lines for logs."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def live() -> bool:
    """Whether a person watches: stderr is a terminal."""
    return sys.stderr.isatty()


def say(text: str) -> None:
    """One plain line on stderr."""
    print(text, file=sys.stderr, flush=True)


def track(items: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Yield the items with a bar; silent for work of under two seconds, plain off a terminal."""
    if live():
        from rich.console import Console
        from rich.progress import track as rich_track

        console = Console(stderr=True)
        yield from rich_track(items, what, total, console=console, transient=True)
        return
    start = told = time.monotonic()
    for count, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - told > 5:
            told = now
            left = (now - start) / count * (total - count)
            say(f"{what}: {count}/{total}, about {left:.0f} s left")


def duration(seconds: float) -> str:
    """Seconds for people: 8 s, 3 min 20 s, 2 h 05 min."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
