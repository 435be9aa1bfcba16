"""A grid as a LaTeX table with booktabs rules, mean and spread as in $99.90 \\pm 0.01$."""

from __future__ import annotations

import re

from untrain.bench.tables.grid import Grid

SPECIAL = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "[": "{[}",
    "*": "{*}",
    "†": r"$^{\dagger}$",
    "‡": r"$^{\ddagger}$",
    "§": r"$^{\S}$",
    "±": r"$\pm$",
    "×": r"$\times$",
}
NUMBER = re.compile(
    r"(?<![\w.+-])([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?:±(\d+(?:\.\d+)?))?(x?)(?![\w.]*\d)"
)
"""A number with its sign, what stands behind a ±, and the x of a ratio."""


def latex(grid: Grid) -> str:
    """A `table*` as wide as the page, with a caption; notes stand below it. It needs the packages
    booktabs and graphicx."""
    head, *rows = [line(cells) for cells in (grid.head, *grid.rows)]
    below = [rf"{escaped(note)}\\" for note in grid.notes]
    notes = [r"\par\smallskip\footnotesize\raggedright", *below] if below else []
    return "\n".join(
        [
            r"\begin{table*}",
            r"\centering",
            rf"\caption{{{escaped(grid.title)}}}",
            r"\resizebox{\textwidth}{!}{%",
            rf"\begin{{tabular}}{{l{'r' * (len(grid.head) - 1)}}}",
            r"\toprule",
            head,
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}}",
            *notes,
            r"\end{table*}",
        ]
    )


def line(cells: list[str]) -> str:
    """A row: the first cell is a name, the others are values. Leading spaces are an indent."""
    name = cells[0].lstrip(" ")
    indent = r"\quad " if len(name) < len(cells[0]) else ""
    return " & ".join([indent + escaped(name), *map(value, cells[1:])]) + r" \\"


def value(cell: str) -> str:
    """A cell with its numbers in maths, so that a minus is one; other text is taken literally."""
    if cell == "-":
        return "--"
    parts, end = [], 0
    for found in NUMBER.finditer(cell):
        number, spread, times = found.groups()
        maths = number + (rf" \pm {spread}" if spread else "") + (r"\times" if times else "")
        parts += [escaped(cell[end : found.start()]), f"${maths}$"]
        end = found.end()
    return "".join([*parts, escaped(cell[end:])])


def escaped(text: str) -> str:
    """Text in which nothing is a command, nor an option of the line break before it."""
    return "".join(SPECIAL.get(sign, sign) for sign in " ".join(text.split("\n")))
