"""Several processes on one study, each with the same loop; those that die are replaced."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING

from untrain.bench.kept.store import Store
from untrain.bench.making.beat import Heart
from untrain.bench.making.order import Order
from untrain.errors import BAD_INPUT, INTERRUPTED, DiskError, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from untrain.engine.device import Device

LOOK = 0.5
"""Seconds between two looks at the processes."""
FULL = 3
"""Exit code of a process that could not write."""


def serve(order: Order, device: Device, gpu: int | None = None, alone: bool = False) -> int:
    """Work on a study until nothing is left; returns the exit code of the process.

    That is 0, 130 if it was asked to stop, 3 if the store cannot be written, and 2 for whatever
    else stands in the way, which is told.

    alone: it is not to stop when the process that has started it is gone.
    """
    from untrain.progress import silence

    if gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = str(gpu)
    if not alone:  # its parent says when to stop: a Ctrl-C in the terminal reaches both
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, stop)
    try:
        with silence(), Heart(order.store, led=not alone).beating() as heart:
            work = order.work(device)
            work.watching = heart.watching
            work.run()
    except KeyboardInterrupt:
        return INTERRUPTED
    except UserError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return FULL if isinstance(error, DiskError) else BAD_INPUT
    return 0


def member(order: Order, device: Device, gpu: int | None) -> None:
    """The body of a process of a team."""
    sys.exit(serve(order, device, gpu))


def concluded(codes: Sequence[int | None], order: Order) -> None:
    """What the exit codes of all processes come to: nothing where one has found nothing left.

    Raises KeyboardInterrupt, DiskError or UserError otherwise.
    """
    if 0 in codes:
        return
    if FULL in codes:
        fix = "Free some space, then give the same command again: it goes on where it stopped."
        raise DiskError("The store cannot be written.", str(order.store), fix)
    if BAD_INPUT in codes:
        fix = "See what is written above, then give the same command again."
        raise UserError("The processes of the study could not go on.", str(order.store), fix)
    raise KeyboardInterrupt


def gpus(device: Device) -> int:
    """GPUs that processes are spread over; 0 on a CPU."""
    import torch

    return torch.cuda.device_count() if device.kind() == "cuda" else 0


def stop(*_: object) -> None:
    """Between two runs nothing is to be saved; within a run the run itself listens."""
    raise KeyboardInterrupt


class Team:
    """Processes that work on a study.

    size: how many. gpus: how many GPUs they share, one after the other; 0 on a CPU.
    """

    def __init__(self, order: Order, device: Device, size: int, gpus: int = 0) -> None:
        threads = device.threads or int(not gpus)  # one each, unless another number is asked for
        self.order, self.device, self.gpus = order, replace(device, threads=threads), gpus
        self.members: list[BaseProcess] = []
        self.size, self.hired = size, 0
        self.deaths = self.made = 0
        """Processes that have died since the last run was made, and how many runs were made."""

    def run(self, look: Callable[[], None]) -> None:
        """Work until nothing is left. look: called every half second.

        Raises KeyboardInterrupt once all have saved, and DiskError if the store is full.
        """
        with threads_each(self.device.threads), stopped_by_a_warning():
            try:
                for _ in range(self.size):
                    self.members.append(self.hire())
                while any(member.is_alive() for member in self.members):
                    time.sleep(LOOK)
                    look()
                    for place, member in enumerate(self.members):
                        self.members[place] = self.kept(member)
            except KeyboardInterrupt:
                self.dismiss(look)
                raise
            finally:
                for member in self.members:
                    member.kill()
        look()
        concluded([member.exitcode for member in self.members], self.order)

    def hire(self) -> BaseProcess:
        gpu = self.hired % self.gpus if self.gpus else None
        self.hired += 1
        context = multiprocessing.get_context("forkserver")  # one that has imported torch already
        context.set_forkserver_preload(["untrain.bench.making.work", "untrain.runs.execute"])
        made = context.Process(target=member, args=(self.order, self.device, gpu))
        made.start()
        return made

    def kept(self, member: BaseProcess) -> BaseProcess:
        """The same process, or another one in the place of one that has died.

        Raises UserError if processes keep dying while nothing gets on.
        """
        if member.is_alive() or member.exitcode in (0, BAD_INPUT, FULL, INTERRUPTED):
            return member
        made = sum(event["event"] == "made" for event in Store(self.order.store).events())
        self.deaths, self.made = (self.deaths + 1 if made == self.made else 1), made
        if self.deaths > 10 * self.size:
            what = f"Processes of the study keep dying (exit code {member.exitcode})."
            fix = "See what is written above; try --workers 1 to see an error where it happens."
            raise UserError(what, "--workers", fix, 1)
        return self.hire()

    def dismiss(self, look: Callable[[], None]) -> None:
        """Ask all to save and stop; a second Ctrl-C stops them at once."""
        try:
            for member in self.members:
                if member.pid and member.is_alive():
                    os.kill(member.pid, signal.SIGTERM)
            while any(member.is_alive() for member in self.members):
                time.sleep(LOOK)
                look()
        except KeyboardInterrupt:
            for member in self.members:
                member.kill()
            raise


@contextmanager
def stopped_by_a_warning() -> Iterator[None]:
    """In the block SIGTERM is a Ctrl-C, as a cluster's scheduler means it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def threads_each(number: int) -> Iterator[None]:
    """What processes that are started in the block find in their environment; 0: torch's choice."""
    before = os.environ.get("OMP_NUM_THREADS")
    if number:
        os.environ["OMP_NUM_THREADS"] = str(number)
    try:
        yield
    finally:
        os.environ.pop("OMP_NUM_THREADS", None)
        if before is not None:
            os.environ["OMP_NUM_THREADS"] = before
