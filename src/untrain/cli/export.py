"""`untrain export RUN --out FOLDER`: the model as its own package loads it, with a model card."""

from __future__ import annotations

from dataclasses import dataclass

from untrain.cli.compose import flagged, needed, parse


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """What the verb itself takes."""

    run: str = ""
    """Folder of a finished run. It may stand without its flag."""
    out: str = ""
    """Folder of the export: new, or empty."""
    pickle: bool = False
    """Write the state_dict as model.pt as well."""
    license: str = ""
    """License for the model card, as the hub names it (apache-2.0, mit, ...); default: none."""
    data_root: str = ""
    """Folder with local data, for runs of older versions."""


def run(args: list[str]) -> int:
    from untrain.errors import Problems
    from untrain.progress import say
    from untrain.runs.export import export

    about = """Write the model of a run as its own package loads it: transformers (from_pretrained),
    timm, torchvision, or a state_dict; with a model card that says what was forgotten and how, and
    never which images."""
    problems = Problems()
    args = flagged(args, "--run", "--pickle", "--no-pickle")
    given = parse(args, {"options": ExportOptions}, problems, prog="untrain export", about=about)
    options: ExportOptions = problems.settled(given.options)
    folder = problems.attempt(needed, options.run, "RUN", "the folder of a finished run first")
    out = problems.attempt(needed, options.out, "--out", "the folder that is written")
    problems.raise_all()
    folder, out = problems.settled(folder), problems.settled(out)
    made = export(
        folder, out, pickle=options.pickle, license=options.license, root=options.data_root
    )
    say(f"exported: written to {out}" if made else f"exported: {out} is there already")
    return 0
