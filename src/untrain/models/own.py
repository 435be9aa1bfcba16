"""A network of the user's own on the command line: `--model module:function`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

from torch import nn

from untrain.errors import MISSING, UserError, unknown


def load(name: str) -> Callable[..., Any]:
    """The function or class that `module:function` names; the current folder is importable.

    Raises UserError if there is no such module or function, or if importing it fails.
    """
    module_name, _, function = name.partition(":")
    module_name = module_name.removesuffix(".py").replace("/", ".")
    where, here = f"--model {name}", str(Path.cwd())
    if not module_name or not function:
        raise UserError(f"'{name}' names no function.", where, "Write module:function.")
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise UserError(
                f"There is no module '{error.name}' here ({here}) nor among the installed ones.",
                where=where,
                fix=f"Run it in the folder of {error.name}.py, or put that on PYTHONPATH.",
                code=MISSING,
            ) from error
        raise broken(f"Module '{module_name}' cannot be imported", error, where) from error
    except Exception as error:
        raise broken(f"Module '{module_name}' cannot be imported", error, where) from error
    found = getattr(module, function, None)
    if found is None:
        offered = [each for each, value in vars(module).items() if callable(value)]
        missing = unknown("function", function, [each for each in offered if each[0] != "_"])
        raise UserError(missing.what, where, missing.fix)
    if not callable(found):
        kind = type(found).__name__
        raise UserError(f"{name} is a {kind}, not a function.", where, "Name a function or class.")
    made: Callable[..., Any] = found
    return made


def options(make: Callable[..., Any], name: str, offered: Mapping[str, int]) -> dict[str, int]:
    """Those of the offered values that a function takes by name; a width of 0 is left to it, and
    **kwargs get no size.

    Raises UserError if it needs something else, or takes no width where one is given.
    """
    try:
        parameters = signature(make).parameters.values()
    except ValueError:  # built in: it has no signature
        return {}
    by_name = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    taken = {one.name for one in parameters if one.kind in by_name}
    if any(one.kind is Parameter.VAR_KEYWORD for one in parameters):
        taken |= offered.keys() - {"size"}
    given = {key: value for key, value in offered.items() if value or key != "width"}
    where = f"--model {name}"
    if "width" in given and "width" not in taken:
        raise UserError(f"{name} takes no width.", "--width", "Leave --width out.")
    needed = [
        one.name
        for one in parameters
        if one.default is one.empty
        and one.name not in given
        and one.kind in (*by_name, Parameter.POSITIONAL_ONLY)
    ]
    if needed == ["width"]:
        raise UserError(f"{name} needs a width.", where, "Give --width.")
    if needed:
        raise UserError(
            f"{name} needs {', '.join(needed)}, which is not known here.",
            where=where,
            fix=f"Let it take some of {', '.join(offered)}, and give the others a default.",
        )
    return {key: value for key, value in given.items() if key in taken}


def call(make: Callable[..., Any], name: str, values: Mapping[str, int]) -> nn.Module:
    """The network that a function of the user makes. Raises UserError if it raises or gives
    something else."""
    where = f"--model {name}"
    try:
        made = make(**values)
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        shown = ", ".join(f"{key}={value}" for key, value in values.items())
        raise broken(f"{name.rpartition(':')[2]}({shown}) fails", error, where) from error
    if not isinstance(made, nn.Module):
        kind = type(made).__name__
        raise UserError(f"{name} gives a {kind}.", where, "Let it return a torch.nn.Module.")
    return made


def broken(what: str, error: BaseException, where: str) -> UserError:
    """The error for the user's own code, with its own words."""
    words = " ".join(str(error).split())
    return UserError(f"{what}: {type(error).__name__}: {words}", where, "Mend it; try it alone.")
