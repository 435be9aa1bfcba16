"""A study on a Ray cluster: the same loop on each of its machines, on one shared folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from untrain.bench.making.order import Order
from untrain.bench.making.team import LOOK, concluded, gpus, serve
from untrain.config import path_of
from untrain.errors import MISSING, UserError

if TYPE_CHECKING:
    from untrain.engine.device import Device

PATIENCE = 60.0
"""Seconds that tasks have to save what they are at."""


def ray_package() -> Any:
    """Ray itself. Raises UserError (3) if it is not installed."""
    try:
        import ray
    except ImportError as error:
        fix = "Install it: pip install 'untrain[ray]', or use --executor processes."
        what = f"Ray cannot be imported ({error})."
        raise UserError(what, "--executor ray", fix, MISSING) from error
    return ray


def work_on_ray(order: Order, device: Device, workers: int, look: Callable[[], None]) -> None:
    """Work until nothing is left, with so many tasks, wherever the cluster has room for them.

    The store must be a folder that all machines see under the same path, on a file system with
    locks. RAY_ADDRESS names the cluster; without it, one is started on this machine. A task that
    dies is started again by Ray.
    """
    ray = ray_package()
    shared = replace(
        order,
        store=Path(os.path.abspath(order.store)),
        study=os.path.abspath(order.study) if os.path.isfile(order.study) else order.study,
        data_root=os.path.abspath(order.data_root) if order.data_root else "",
        take_from=os.path.abspath(path_of(order.take_from)) if order.take_from else "",
    )  # as tasks start in other folders
    number = gpus(device)
    own = replace(device, threads=device.threads or int(not number))
    ray.init(log_to_driver=False, ignore_reinit_error=True)
    needs = {"num_cpus": own.threads or 1, "num_gpus": min(1.0, number / workers)}
    task = ray.remote(**needs, max_retries=workers)(serve)
    codes: list[int] = []
    try:
        waiting = [task.remote(shared, own, None, True) for _ in range(workers)]
        try:
            while waiting:
                done, waiting = ray.wait(waiting, timeout=LOOK)
                codes += ray.get(done)
                look()
        except KeyboardInterrupt:
            for one in waiting:
                ray.cancel(one)  # which the run under way takes for a Ctrl-C: it saves and stops
            ray.wait(waiting, num_returns=len(waiting), timeout=PATIENCE)
            raise
    finally:
        ray.shutdown()
    concluded(codes, order)
