"""TensorBoard: a folder of event files for each run, written by tensorboardX.

Events are written and flushed at once, by no thread of their own: a full disk is an error here,
and not a queue that nobody empties.
"""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from untrain.errors import MISSING, UserError
from untrain.runs.tracking.content import About

EVERY, LAST = "lr", "cost/seconds"
"""What every pass has, and what a finished run has."""


class TensorBoard:
    """Writes each run into a folder of its own below the root."""

    name = "TensorBoard"

    def __init__(self, root: Path) -> None:
        try:
            self.event = import_module("tensorboardX.proto.event_pb2").Event
            self.summary = import_module("tensorboardX.summary")
            self.writer_of = import_module("tensorboardX.record_writer").RecordWriter
            damaged = import_module("google.protobuf.message").DecodeError
        except (ImportError, TypeError) as error:  # generated for another protobuf
            what = f"tensorboardX does not import ({error})."
            fix = "pip install --upgrade 'untrain[tensorboard]'"
            raise UserError(what, "--track tensorboard", fix, MISSING) from error
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            what = f"{root} cannot be written: {error.strerror or error}."
            raise UserError(what, "--track-to", "Choose another folder.", MISSING) from error
        self.failures: tuple[type[Exception], ...] = (OSError, damaged)
        self.root, self.folder = root, root
        self.writer: Any = None
        self.settings: dict[str, Any] = {}

    @property
    def where(self) -> str:
        return str(self.folder)

    def begin(self, about: About, new: bool) -> int | None:
        self.settings = dict(about.settings)
        stem = re.sub(r"[^\w.+-]+", "-", f"{about.name}-{about.identity}")
        number, passes, finished = 1, 0, False
        self.folder = self.root / stem
        while self.folder.is_dir():
            passes, finished = self._logged()
            if not finished or not new:
                break
            number, passes, finished = number + 1, 0, False
            self.folder = self.root / f"{stem}-{number}"
        if finished:
            return None
        fresh = not self.folder.is_dir()
        self.folder.mkdir(exist_ok=True)
        if fresh:
            self._write(0, self._table("settings", about.settings), self._table("run", about.tags))
        return passes

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self._write(step, *(self.summary.scalar(name, value) for name, value in values.items()))

    def end(
        self, status: str, step: int, values: Mapping[str, float], tags: Mapping[str, str]
    ) -> None:
        tables = [self._table("environment", tags)] if tags else []
        compared = self.summary.hparams(self.settings, dict(values)) if values else ()
        self._write(step, self.summary.text("status", status), *tables, *compared)
        self.log(step, values)  # the last events: they say that nothing is missing
        self._close()

    def _write(self, step: int, *summaries: Any) -> None:
        """Add events to the file; after an error they go into another one."""
        try:
            if self.writer is None:
                name = f"events.out.tfevents.{int(time.time()):010}.{time.time_ns()}"
                self.writer = self.writer_of(str(self.folder / name))
                self._put(file_version="brain.Event:2")
            for one in summaries:
                self._put(step=step, summary=one)
            self.writer.flush()
        except OSError:
            with suppress(OSError):
                self._close()
            raise

    def _put(self, **event: Any) -> None:
        self.writer.write(self.event(wall_time=time.time(), **event).SerializeToString())

    def _close(self) -> None:
        writer, self.writer = self.writer, None
        if writer is not None:
            writer.close()

    def _table(self, title: str, values: Mapping[str, Any]) -> Any:
        """Names and values as a table in Markdown, which TensorBoard shows as one."""
        rows = [
            f"| {name} | {str(value).replace('|', '&#124;')} |" for name, value in values.items()
        ]
        return self.summary.text(title, "\n".join(["| name | value |", "|---|---|", *rows]))

    def _logged(self) -> tuple[int, bool]:
        """How many passes the folder has, and whether its run is complete."""
        found = [
            (value.tag, event.step)
            for path in self.folder.glob("events*")
            for event in self._events(path)
            for value in event.summary.value
        ]
        passes = max((step for tag, step in found if tag == EVERY), default=0)
        return passes, any(tag == LAST for tag, _ in found)

    def _events(self, path: Path) -> Iterator[Any]:
        """The events of a file: length (8 bytes), check (4), event, check (4), and so on."""
        content, place = path.read_bytes(), 0
        while place + 12 <= len(content):
            (length,) = struct.unpack_from("<Q", content, place)
            body = content[place + 12 : place + 12 + length]
            if len(body) < length:
                return  # the process was killed while it wrote
            yield self.event.FromString(body)
            place += 16 + length
