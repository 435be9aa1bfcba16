"""A small run, and what trackers have of runs, read from their own files."""

from __future__ import annotations

import struct
import warnings
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

Curves = dict[str, dict[str, list[tuple[int, float]]]]
"""Of each run by its name: of each metric its steps and values."""
SMALL = ["--epochs", "3", "--width", "4", "--threads", "1", "--limit", "200"]


def events(root: Path) -> Iterator[tuple[str, Any]]:
    """The name of each run, and an event of it; read by the format, not by our reader."""
    event = import_module("tensorboardX.proto.event_pb2").Event
    for path in sorted(root.glob("*/events*")):
        content = path.read_bytes()
        while content:
            (length,) = struct.unpack("<Q", content[:8])
            yield path.parent.name.rpartition("-")[0], event.FromString(content[12 : 12 + length])
            content = content[16 + length :]


def in_tensorboard(root: Path) -> tuple[Curves, dict[str, str]]:
    curves: Curves = defaultdict(lambda: defaultdict(list))
    status = {}
    for name, event in events(root):
        for value in event.summary.value:
            if value.HasField("simple_value"):
                curves[name][value.tag].append((event.step, value.simple_value))
            elif value.tag.startswith("status"):
                status[name] = value.tensor.string_val[0].decode()
    return curves, status


def in_mlflow(root: Path) -> tuple[Curves, dict[str, str]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = import_module("mlflow.tracking").MlflowClient(f"sqlite:///{root}/mlflow.db")
        curves: Curves = {}
        status = {}
        for run in client.search_runs([client.get_experiment_by_name("untrain").experiment_id]):
            status[run.info.run_name] = run.info.status
            curves[run.info.run_name] = {
                name: [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, name)]
                for name in run.data.metrics
            }
    return curves, status


READERS = {"tensorboard": in_tensorboard, "mlflow": in_mlflow}
