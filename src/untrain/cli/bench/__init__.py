"""`untrain bench run|status|table|...`: whole tables from one study file."""

from __future__ import annotations

from importlib import import_module

from untrain.errors import UserError, unknown

SUBVERBS = {
    "run": "make what is missing of a study, and print its table",
    "status": "what is made, under way, missing or failed",
    "table": "the table, in the terminal or as Markdown, LaTeX, CSV; --paper sets theirs beside it",
    "compare": "two rows of a study, or one study in two stores, paired by seed",
    "tune": "choose each method's values from a tuning study, and write them as a recipe",
    "export": "small result files without weights, from which a study can go on elsewhere",
    "prune": "remove weights that no run of the study needs any more",
    "list": "the studies that come with untrain",
}

HELP = f"""untrain bench: whole tables of runs from one study file, with nothing computed twice.

usage: untrain bench SUBVERB STUDY ...    untrain bench SUBVERB --help for its flags

{chr(10).join(f"  {name:<9}{text}" for name, text in SUBVERBS.items())}

STUDY is one that comes with untrain (untrain bench list) or a TOML file: see docs/studies.md.
"""


def run(args: list[str]) -> int:
    if not args or args[0] in ("-h", "--help", "help"):
        print(HELP)
        return 0 if args else 2
    if args[0].startswith("-"):
        fix = "It comes first: untrain bench run STUDY ..."
        raise UserError("What to do is missing.", f"untrain bench {args[0]}", fix)
    if args[0] not in SUBVERBS:
        raise unknown("word", args[0], SUBVERBS, "See: untrain bench --help")
    # a module named run would take the place of this function in the package
    module = "run_" if args[0] == "run" else args[0]
    return int(import_module(f"untrain.cli.bench.{module}").run(args[1:]))
