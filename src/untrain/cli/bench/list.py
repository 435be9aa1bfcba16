"""`untrain bench list`: the studies that come with untrain."""

from __future__ import annotations

import json

from untrain.errors import Problems, unknown


def run(args: list[str]) -> int:
    from untrain.bench.asking.study import names

    if {"-h", "--help"} & {*args}:
        print("usage: untrain bench list [--json]")
        return 0
    problems = Problems()
    problems.add(*(unknown("flag", word, ["--json"]) for word in args if word != "--json"))
    problems.raise_all()
    titles = names()
    if "--json" in args:
        print(json.dumps(titles, indent=2, ensure_ascii=False))
        return 0
    width = max(map(len, titles))
    for name, title in titles.items():
        print(f"{name:<{width}}  {title}")
    return 0
