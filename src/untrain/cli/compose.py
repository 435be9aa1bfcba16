"""One parser from the dataclasses of a verb: defaults < inherited < preset < recipe < flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, make_dataclass
from pathlib import Path
from typing import Annotated, Any

from untrain.config import build, read_recipe
from untrain.errors import UserError, unknown

ON_THE_LINE = {"preset", "recipe"}
"""Flags that a recipe cannot hold."""


def option(args: list[str], flag: str) -> list[str]:
    """All values of a flag, looked at before the parser that depends on them is made."""
    found = []
    for place, arg in enumerate(args):
        if arg == flag and place + 1 < len(args):
            found.append(args[place + 1])
        elif arg.startswith(flag + "="):
            found.append(arg.partition("=")[2])
    return found


def recipe(args: list[str]) -> dict[str, Any]:
    """The values of the recipes named in the flags, later ones over earlier ones."""
    values: dict[str, Any] = {}
    for path in option(args, "--recipe"):
        values |= read_recipe(Path(path))
    return values


def setting(args: list[str], name: str) -> list[str]:
    """A setting that the parser depends on: from its flag, else from the recipe."""
    values = recipe(args).get(name, [])
    return option(args, f"--{name}") or ([values] if isinstance(values, str) else values)


def parse(
    args: list[str],
    parts: Mapping[str, type[Any]],
    *,
    prog: str,
    about: str,
    inherited: Mapping[str, Any] | None = None,
    prefixed: tuple[str, ...] = (),
) -> Any:
    """Parse flags into an object with one attribute per part.

    args: the command line after the verb. parts: name -> dataclass; their fields become flags,
    without a prefix unless the part is named in `prefixed` (`--contrastive.lam`).
    A field that is a tuple takes its flag several times, and one value or a list in TOML.
    inherited: values that stand between the defaults and the preset.
    Raises UserError for unknown presets or recipe keys, SystemExit(2) for unknown flags.
    """
    import tyro

    flat = {name: part for name, part in parts.items() if name not in prefixed}
    given = overlay(args, flat, inherited or {}, prefixed)
    specs: list[Any] = []
    for name, part in parts.items():
        values = {f.name: given[f.name] for f in fields(part) if f.name in given}
        default = build(part, values if name in flat else given.get(name, {}), "the recipe")
        label = name if name in prefixed else ""
        specs.append((name, Annotated[part, tyro.conf.arg(name=label)], default))
    # a dataclass default must be hashable for make_dataclass; frozen ones are
    command = make_dataclass("Command", specs, frozen=True)
    command.__doc__ = about
    return tyro.cli(
        command,
        args=args,
        prog=prog,
        config=(tyro.conf.FlagConversionOff, tyro.conf.UseAppendAction),
        use_underscores=False,
    )


def overlay(
    args: list[str],
    parts: Mapping[str, type[Any]],
    inherited: Mapping[str, Any],
    tables: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The values that replace defaults, from the preset and the recipe named in the flags.

    tables: what has a table of its own in a recipe, as a term does: [contrastive].
    """
    given = dict(inherited)
    every = {f.name: f.default for part in parts.values() for f in fields(part)}
    known = (every.keys() | {*tables}) - ON_THE_LINE
    for name in option(args, "--preset"):
        offered = [getattr(part, "presets", {}) for part in parts.values()]
        if not any(name in presets for presets in offered):
            raise unknown("preset", name, sorted({n for presets in offered for n in presets}))
        for presets in offered:
            given |= presets.get(name, {})
    for key, value in recipe(args).items():
        if key in ON_THE_LINE:
            raise UserError(f"'{key}' stands in a recipe.", "--recipe", f"Give --{key} as a flag.")
        if key not in known:
            raise unknown("key", key, sorted(known))
        given[key] = value
    for name, value in list(given.items()):
        if isinstance(every.get(name), tuple):
            if option(args, "--" + name.replace("_", "-")):
                del given[name]  # the parser would append the flags to it
            elif isinstance(value, str):
                given[name] = (value,)
    return given


def needed(value: str, flag: str, meaning: str) -> Path:
    """The path given by a flag. Raises UserError if it was left out."""
    if not value:
        raise UserError(f"{flag} is missing.", flag, f"Name {meaning}.")
    return Path(value)
