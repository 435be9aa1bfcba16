"""A study on a Ray cluster: the same loop on each of its machines, on one shared folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from untrain.bench.making.order import Order
from untrain.bench.making.team import LOOK, gpus, serve
from untrain.errors import MISSING, UserError

if TYPE_CHECKING:
    from untrain.engine.device import Device


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
    shared = replace(order, store=Path(os.path.abspath(order.store)), study=placed(order.study))
    alone = replace(device, threads=device.threads or 1)
    ray.init(log_to_driver=False, ignore_reinit_error=True)
    share = min(1.0, gpus(device) / workers)
    needs = {"num_cpus": alone.threads, "num_gpus": share, "max_retries": workers}
    task = ray.remote(**needs)(serve)
    try:
        waiting = [task.remote(shared, alone, None, True) for _ in range(workers)]
        while waiting:
            _, waiting = ray.wait(waiting, num_returns=len(waiting), timeout=LOOK)
            look()
    finally:
        ray.shutdown()


def placed(study: str) -> str:
    """A study's file by its whole path, as other processes start elsewhere; or its name."""
    return os.path.abspath(study) if os.path.exists(study) else study
