"""One parser from the dataclasses of a verb: defaults < inherited < preset < recipe < flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, make_dataclass
from pathlib import Path
from typing import Annotated, Any

from untrain.config import build, read_recipe
from untrain.errors import UserError, unknown


def option(args: list[str], flag: str) -> list[str]:
    """All values of a flag, looked at before the parser that depends on them is made."""
    found = []
    for place, arg in enumerate(args):
        if arg == flag and place + 1 < len(args):
            found.append(args[place + 1])
        elif arg.startswith(flag + "="):
            found.append(arg.partition("=")[2])
    return found


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
    given = overlay(args, flat, inherited or {})
    specs: list[Any] = []
    for name, part in parts.items():
        values = {f.name: given[f.name] for f in fields(part) if f.name in given}
        default = build(part, values if name in flat else {}, "the recipe")
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
    args: list[str], parts: Mapping[str, type[Any]], inherited: Mapping[str, Any]
) -> dict[str, Any]:
    """The values that replace defaults, from the preset and the recipe named in the flags."""
    given = dict(inherited)
    every = {f.name: f.default for part in parts.values() for f in fields(part)}
    known = every.keys() - {"preset", "recipe"}
    for name in option(args, "--preset"):
        offered = [getattr(part, "presets", {}) for part in parts.values()]
        if not any(name in presets for presets in offered):
            raise unknown("preset", name, sorted({n for presets in offered for n in presets}))
        for presets in offered:
            given |= presets.get(name, {})
    for path in option(args, "--recipe"):
        for key, value in read_recipe(Path(path)).items():
            if key not in known:
                raise unknown("key", key, sorted(known), f"In {path}.")
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
