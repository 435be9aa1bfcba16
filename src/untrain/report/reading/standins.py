"""The settings of a run as its run.json has them, in place of the method itself, which needs torch.

A stand-in is a frozen dataclass with the fields of the method, so that whatever compares or prints
methods takes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, make_dataclass
from functools import cache
from typing import Any

from untrain.bench.job import Job
from untrain.config import DataConfig, ModelConfig
from untrain.errors import UserError
from untrain.runs.record import rules_of


def job_of(run: Mapping[str, Any]) -> Job:
    """What a run was asked for. Raises UserError if its config cannot be read."""
    config = run["config"]
    told = run.get("fields", {}).items()
    usual = {name: one["default"] for name, one in told if "default" in one}
    at_hand = config.get("at_hand") or run.get("at_hand") or {}
    try:
        return Job(
            data=_part(DataConfig, config["data"] | {"data_root": ""}),
            model=_part(ModelConfig, config["model"]),
            method=standin(config["method"], usual),
            terms=tuple(
                standin(term, _under(usual, f"{term['name']}.")) for term in config["terms"]
            ),
            seed=int(config["seed"]),
            rules=rules_of(dict(run)),
            available=float(at_hand.get("available", 1.0)),
            forget_data=bool(at_hand.get("forget_data", True)),
            select=str(config.get("select", {}).get("by", "none")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"The settings in run.json cannot be read ({type(error).__name__}: {error})."
        raise UserError(what, "config", "Make the run again.") from error


def standin(values: Mapping[str, Any], defaults: Mapping[str, Any] | None = None) -> Any:
    """A method or term with these values; `name` is what it is called. defaults: where known."""
    plain = {key: _plain(value) for key, value in values.items()}
    name = str(plain.pop("name"))
    known = tuple(sorted((key, _plain(v)) for key, v in (defaults or {}).items() if key in plain))
    return _kind(name, tuple(plain), known)(**plain)


@cache
def _kind(name: str, keys: tuple[str, ...], known: tuple[tuple[str, Any], ...]) -> type[Any]:
    defaults = dict(known)
    parts: list[Any] = [
        (key, Any, field(default=defaults[key])) if key in defaults else (key, Any) for key in keys
    ]
    attributes = {"name": name, "presets": {}, "search": {}}
    return make_dataclass("Standin", parts, frozen=True, kw_only=True, namespace=attributes)


def _plain(value: Any) -> Any:
    """The value, so that it can be compared and hashed."""
    if isinstance(value, dict):
        return tuple(sorted((key, _plain(each)) for key, each in value.items()))
    return tuple(map(_plain, value)) if isinstance(value, list) else value


def _under(usual: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The defaults of a term, which stand under its name."""
    return {k.removeprefix(prefix): v for k, v in usual.items() if k.startswith(prefix)}


def _part(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """A config as far as this version knows its fields."""
    names = {f.name for f in fields(kind)}
    return kind(**{name: value for name, value in values.items() if name in names})
