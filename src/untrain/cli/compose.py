"""One parser from the dataclasses of a verb: defaults < inherited < preset < recipe < flags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, make_dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

from untrain.cli.recipe import loaded, taken
from untrain.config import build, path_of, unchecked
from untrain.errors import Problems, UserError, unknown


def option(args: list[str], flag: str) -> list[str]:
    """All values of a flag, looked at before the parser that depends on them is made."""
    found = []
    for place, arg in enumerate(args):
        if arg == flag and place + 1 < len(args) and not args[place + 1].startswith("--"):
            found.append(args[place + 1])
        elif arg.startswith(flag + "="):
            found.append(arg.partition("=")[2])
    return found


def recipe(args: list[str], problems: Problems) -> dict[str, Any]:
    """What stands at the top of the recipes named in the flags, later ones over earlier ones."""
    values: dict[str, Any] = {}
    for one in loaded(option(args, "--recipe"), problems):
        values |= one.top
    return values


def setting(args: list[str], name: str, problems: Problems) -> list[str]:
    """A setting that the parser depends on: from its flag, else from the recipe."""
    value = recipe(args, problems).get(name, [])
    listed = value if isinstance(value, list) else [value]
    return option(args, f"--{name}") or [word for word in listed if isinstance(word, str)]


def parse(
    args: list[str],
    parts: Mapping[str, type[Any]],
    problems: Problems,
    *,
    prog: str,
    about: str,
    inherited: Mapping[str, Any] | None = None,
    prefixed: tuple[str, ...] = (),
) -> Any:
    """Parse flags into an object with one attribute per part: None for a part that is wrong.

    args: the command line after the verb. parts: name -> dataclass; their fields become flags,
    without a prefix unless the part is named in `prefixed` (`--contrastive.lam`).
    problems: gathers unknown presets and recipe keys, wrong values, and what the parts refuse.
    A field that is a tuple takes its flag several times, and one value or a list in TOML; one that
    is yes or no is a switch, as in --rewind, --no-rewind, or --rewind True.
    inherited: values that stand between the defaults and the preset.
    Raises SystemExit(2) for flags that do not exist or cannot be read.
    """
    import tyro

    flat = {name: part for name, part in parts.items() if name not in prefixed}
    given = overlay(args, flat, inherited or {}, problems, prefixed)
    where = ", ".join(["the recipe", *option(args, "--recipe")])
    specs: list[Any] = []
    wrong = set()
    for name, part in parts.items():
        plain = unchecked(part)
        values = {f.name: given[f.name] for f in fields(part) if f.name in given}
        default = problems.attempt(
            build, plain, values if name in flat else given.get(name, {}), where
        )
        if default is None:
            wrong.add(name)
        label = name if name in prefixed else ""
        specs.append((name, Annotated[plain, tyro.conf.arg(name=label)], default or plain()))
    # a dataclass default must be hashable for make_dataclass; frozen ones are
    command = make_dataclass("Command", specs, frozen=True)
    command.__doc__ = about
    try:
        parsed: Any = tyro.cli(
            command,
            args=switched(args, flat.values()),
            prog=prog,
            config=(tyro.conf.UseAppendAction,),
            use_underscores=False,
        )
    except SystemExit as stop:
        if stop.code:
            problems.raise_all()  # below what the parser itself has said
        raise

    def checked(name: str) -> Any:
        values = getattr(parsed, name)
        return parts[name](**{f.name: getattr(values, f.name) for f in fields(values)})

    sound = {n: None if n in wrong else problems.attempt(checked, n) for n in parts}
    return SimpleNamespace(**sound)


def overlay(
    args: list[str],
    parts: Mapping[str, type[Any]],
    inherited: Mapping[str, Any],
    problems: Problems,
    tables: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The values that replace defaults, from the preset and the recipe named in the flags.

    tables: the terms that are added, which have tables of their own in a recipe: [contrastive].
    """
    given = dict(inherited)
    every = {f.name: f.default for part in parts.values() for f in fields(part)}
    for flag in ("--preset", "--recipe"):
        if "" in option(args, flag):
            problems.add(UserError(f"{flag} is empty.", flag, "Name one, or leave it out."))
    offered = [getattr(part, "presets", {}) for part in parts.values()]
    known = sorted({name for presets in offered for name in presets})
    for name in filter(None, option(args, "--preset")):
        if name not in known:
            problems.add(unknown("preset", name, known))
        for presets in offered:
            given |= presets.get(name, {})
    for one in loaded(option(args, "--recipe"), problems):
        given |= taken(one, every, parts.get("method"), tables, problems)
    for name, value in list(given.items()):
        if isinstance(every.get(name), tuple):
            if option(args, "--" + name.replace("_", "-")):
                del given[name]  # the parser would append the flags to it
            else:
                given[name] = tuple(value) if isinstance(value, list) else (value,)
    return given


def switched(args: list[str], parts: Iterable[type[Any]]) -> list[str]:
    """The same flags with those that are yes or no as switches: `--rewind False` is --no-rewind."""
    names = [f.name for part in parts for f in fields(part) if isinstance(f.default, bool)]
    off = {f"--{n}".replace("_", "-"): f"--no-{n}".replace("_", "-") for n in names}
    plain: list[str] = []
    for arg in args:
        flag, equals, value = arg.partition("=")
        if not equals and plain and plain[-1] in off:
            flag, value = plain[-1], arg
        if flag in off and value.lower() in ("true", "false"):
            plain = plain if equals else plain[:-1]
            plain.append(flag if value.lower() == "true" else off[flag])
        else:
            plain.append(arg)
    return plain


def needed(value: str, flag: str, meaning: str) -> Path:
    """The path given by a flag. Raises UserError if it was left out."""
    if not value.strip():
        raise UserError(f"{flag} is missing.", flag, f"Name {meaning}.")
    return path_of(value)


def flagged(args: list[str], flag: str, *switches: str) -> list[str]:
    """The same with a flag before the first word that follows none; switches: take no value."""
    for place, arg in enumerate(args):
        before = args[place - 1] if place else ""
        free = not before.startswith("-") or "=" in before or before in switches
        if free and not arg.startswith("-") and arg.lower() not in ("true", "false"):
            return [*args[:place], flag, *args[place:]]
    return args
