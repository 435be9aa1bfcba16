"""Progress on stderr: a live bar for people, plain lines for logs."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

T = TypeVar("T")
_silent = ContextVar("silent", default=False)


def live() -> bool:
    """Whether a person watches: stderr is a terminal."""
    return sys.stderr.isatty()


def say(text: str) -> None:
    """One plain line on stderr."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def silence() -> Iterator[None]:
    """No bars and no lines of progress while the block runs."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


def track(items: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Yield the items with a bar on a terminal; elsewhere a line after 2 s, then every 10 s."""
    if _silent.get():
        yield from items
        return
    if live():
        from rich.console import Console
        from rich.progress import track as rich_track

        console = Console(stderr=True)
        yield from rich_track(items, what, total, console=console, transient=True)
        return
    start = time.monotonic()
    tell = start + 2
    for count, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now > tell and count < total:
            tell = now + 10
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


def bars() -> Any:
    """Bars of rich on stderr, started: each has a description and a field `text`, and all are
    gone when they are stopped."""
    from rich import progress
    from rich.console import Console

    made = progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.TextColumn("{task.fields[text]}"),
        console=Console(stderr=True),
        transient=True,
    )
    made.start()
    return made


class Progress:
    """Observes a run of so many passes; the time left is computed from passes measured here.

    every: off a terminal, a line every so many passes.
    """

    def __init__(self, label: str, passes: int, every: int = 1) -> None:
        self.label, self.passes, self.every = label, passes, every
        self.bar: Any = None
        self.task: Any = None
        self.first: float | None = None
        self.started = time.monotonic()
        self.last: dict[str, Any] = {}

    def __enter__(self) -> Progress:
        if live():
            self.bar = bars()
            self.task = self.bar.add_task(self.label, total=self.passes, text="starting")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.bar is not None:
            self.bar.stop()

    def observe(self, done: float, row: dict[str, Any] | None) -> None:
        """The engine's report: passes done, and the row of the curve at the end of one."""
        if self.first is None:
            self.first, self.started = done, time.monotonic()
            if done:
                say(f"{self.label}: going on after {done:g} of {self.passes} passes")
        if row is not None:
            self.last = row
        text = f"pass {int(done)}/{self.passes}"
        if self.last:
            text += f"  loss {self.last['loss']:.3f}  lr {self.last['lr']:.2g}"
        if done - self.first >= 1:
            pace = (time.monotonic() - self.started) / (done - self.first)
            text += f"  {duration(pace * max(0.0, self.passes - done))} left"
        if self.bar is not None:
            self.bar.update(self.task, completed=done, text=text)
        elif row is not None and (done % self.every == 0 or done == self.passes):
            say(f"{self.label}: {text}")

    def tell(self, out: Path, made: bool) -> None:
        """The last line: where the result is."""
        say(f"{self.label}: written to {out}" if made else f"{self.label}: {out} is there already")
