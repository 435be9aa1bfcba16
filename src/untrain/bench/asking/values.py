"""Values of a study file against the fields they are for; problems name file, line, nearest key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_type_hints

from untrain.bench.asking.document import Document
from untrain.bench.asking.lines import Path as Key
from untrain.config import build, unchecked
from untrain.errors import Problems, UserError, unknown

_PLAIN: dict[type[Any], type[Any]] = {}


def plain(part: type[Any]) -> type[Any]:
    """The same fields without checks across them, as a single value is looked at."""
    if part not in _PLAIN:
        _PLAIN[part] = unchecked(part)
    return _PLAIN[part]


def check_keys(
    doc: Document,
    at: Key,
    given: Iterable[str],
    known: Sequence[str],
    problems: Problems,
    tables: Sequence[str] = (),
) -> None:
    """Tell keys that do not exist, each with the nearest one that does."""
    for key in given:
        if key not in known:
            error = unknown("key", key, [*known, *tables])
            fix = f"Keys: {', '.join(known)}."
            fix += f" Tables: {', '.join([*tables, 'sizes'])}." if tables else ""
            problems.add(UserError(error.what, doc.where(*at, key), fix))


def typed(
    doc: Document, at: Key, part: type[Any], key: str, value: Any, problems: Problems
) -> bool:
    """Whether a value has the type of its field; it is told where it has not."""
    try:
        build(plain(part), {key: value}, doc.where(*at))
    except UserError as problem:
        problems.add(problem)
        return False
    return True


def alternatives(
    doc: Document, at: Key, part: type[Any], key: str, value: Any, problems: Problems
) -> list[Any]:
    """The values that an entry asks for: a list where one belongs is a grid."""
    values = value if isinstance(value, list) else [value]
    if not values:
        fix = "Name at least one value, or leave the key out."
        problems.add(UserError(f"{key} = [] asks for no value.", doc.where(*at), fix))
    sound = [one for one in values if typed(doc, at, part, key, one, problems)]
    for one in {repr(one) for one in sound if sound.count(one) > 1}:
        problems.add(UserError(f"{key} names {one} twice.", doc.where(*at), "Name it once."))
    return [one for place, one in enumerate(sound) if one not in sound[:place]]


def made(
    doc: Document, at: Key, part: type[Any], values: Mapping[str, Any], problems: Problems
) -> Any:
    """part(**values); None where it refuses them, which is told with the line of the key."""
    hints = get_type_hints(part)
    # 1 and 1.0 are one value, and so one run
    exact = {k: float(v) if hints.get(k) is float else v for k, v in values.items()}
    found = Problems()
    made = found.attempt(lambda: part(**exact))
    for problem in found.found:
        problems.add(placed(doc, at, problem))
    return made


def placed(doc: Document, at: Key, problem: UserError) -> UserError:
    """A problem of a flag as one of the file's key: `--lr-min 3 ...` is `lr_min = 3 ...`."""
    flag = re.match(r"--([a-z0-9.-]+) (\S+)", problem.what)
    if flag is None:
        return UserError(problem.what, doc.where(*at), problem.fix, problem.code)
    key = flag.group(1).replace("-", "_")
    what = f"{key} = {flag.group(2)}{problem.what[flag.end() :]}"
    return UserError(what, doc.where(*at, *key.split(".")), problem.fix, problem.code)
