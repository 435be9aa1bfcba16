"""MLflow: a run in a database file here, or on a server, by MLflow's own client."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from importlib import import_module
from textwrap import shorten
from typing import Any

from untrain.config import path_of
from untrain.errors import MISSING, UserError
from untrain.runs.tracking.content import About

USUAL = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}
"""Unless the environment says otherwise: nothing is reported to MLflow's makers, and a server that
has gone is given up after seconds."""
OWN, EVERY = "untrain.run", "lr"
"""The tag by which a run is found again, and what every pass has."""
MOST, LONGEST = 100, 500
"""Of one request: the settings that all servers take, and the characters of each."""


class MLflow:
    """Logs each run to an experiment.

    place: a folder, which gets the file mlflow.db, or a URI; "" is MLflow's own default:
    MLFLOW_TRACKING_URI, else mlflow.db in the working folder.
    """

    name = "MLflow"

    def __init__(self, place: str, experiment: str) -> None:
        for name, value in USUAL.items():
            os.environ.setdefault(name, value)
        try:
            self.entities = import_module("mlflow.entities")
            failure = import_module("mlflow.exceptions").MlflowException
            client_of = import_module("mlflow.tracking").MlflowClient
        except ImportError as error:
            what, fix = f"mlflow does not import ({error}).", "pip install 'untrain[mlflow]'"
            raise UserError(what, "--track mlflow", fix, MISSING) from error
        self.failures: tuple[type[Exception], ...] = (failure, OSError)
        self.run, self.found = "", experiment
        try:
            self.client = client_of(tracking_uri=uri(place))
            self.experiment = self._experiment(experiment)
        except (*self.failures, ImportError) as error:  # a database without its driver
            raise UserError(
                f"MLflow does not answer: {shorten(str(error), 200, placeholder=' ...')}",
                where=f"--track-to {place}" if place else "--track mlflow",
                fix="Start its server, name another place, or leave --track out.",
                code=MISSING,
            ) from error

    @property
    def where(self) -> str:
        return f"MLflow's experiment '{self.found}', run {self.run}"

    def begin(self, about: About, new: bool) -> int | None:
        run = self._known(about.identity)
        finished = run is not None and run.info.status == "FINISHED"
        if finished and not new:
            return None
        passes = 0
        if run is None or finished:
            tags = {**about.tags, OWN: about.identity}
            run = self.client.create_run(self.experiment, run_name=about.name, tags=tags)
        else:
            self.client.update_run(run.info.run_id, status="RUNNING")
            seen = self.client.get_metric_history(run.info.run_id, EVERY)
            passes = max((one.step for one in seen), default=0)
        self.run = run.info.run_id
        lacks = [n for n in about.settings if n not in run.data.params]
        for first in range(0, len(lacks), MOST):
            names = lacks[first : first + MOST]
            values = {name: str(about.settings[name])[:LONGEST] for name in names}
            self.client.log_batch(self.run, params=self._entities("Param", values))
        return passes

    def log(self, step: int, values: Mapping[str, float]) -> None:
        now = int(1000 * time.time())
        metrics = [self.entities.Metric(name, value, now, step) for name, value in values.items()]
        self.client.log_batch(self.run, metrics=metrics)

    def end(
        self, status: str, step: int, values: Mapping[str, float], tags: Mapping[str, str]
    ) -> None:
        if values:
            self.log(step, values)
        if tags:
            self.client.log_batch(self.run, tags=self._entities("RunTag", tags))
        self.client.set_terminated(self.run, status)

    def _known(self, identity: str) -> Any:
        """The latest run with this tag, None if there is none."""
        found = self.client.search_runs(
            [self.experiment],
            f"tags.`{OWN}` = '{identity}'",
            max_results=1,
            order_by=["attributes.start_time DESC"],
        )
        return found[0] if found else None

    def _experiment(self, name: str) -> str:
        """The experiment of this name, or of the environment's, made if it is not there."""
        self.found = name = os.environ.get("MLFLOW_EXPERIMENT_NAME", name)
        known = self.client.get_experiment_by_name(name)
        try:
            return str(known.experiment_id if known else self.client.create_experiment(name))
        except self.failures:
            known = self.client.get_experiment_by_name(name)
            if known is None:
                raise
            return str(known.experiment_id)  # another process was faster

    def _entities(self, kind: str, values: Mapping[str, str]) -> list[Any]:
        return [getattr(self.entities, kind)(name, value) for name, value in values.items()]


def uri(place: str) -> str | None:
    """A URI as it is, of a folder that of its database; None is MLflow's own default."""
    if not place or "://" in place or place == "databricks":
        return place or None
    folder = path_of(place).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"{folder} cannot be written: {error.strerror or error}."
        raise UserError(what, "--track-to", "Choose another folder.", MISSING) from error
    return f"sqlite:///{folder / 'mlflow.db'}"
