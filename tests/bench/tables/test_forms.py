"""The main table in every form: whole digits at any width, nothing that acts as markup, notes."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from dataclasses import replace

import pytest
from made import RETRAINS, row, run, shifted

from untrain.bench.job import Result
from untrain.bench.numbers.mixing import mixed
from untrain.bench.numbers.statistics import Lack, Table, tables
from untrain.bench.tables.delimited import comma, long, tsv
from untrain.bench.tables.grid import Grid
from untrain.bench.tables.latex import escaped, latex, value
from untrain.bench.tables.main import Look, grid, signed
from untrain.bench.tables.markdown import markdown
from untrain.bench.tables.plain import values
from untrain.bench.tables.remarks import notes, paired, title
from untrain.bench.tables.settings import told
from untrain.bench.tables.text import text
from untrain.cli.bench.forms import together


@pytest.fixture(scope="module")
def table() -> Table:
    results = [*row("retrain", RETRAINS, seconds=100.0), *shifted("original", RETRAINS[:2], 3)]
    results += shifted("coun", RETRAINS, 1, more={"membership_auc": 0.51})
    results += shifted("ft", RETRAINS, -12)
    (made,) = tables(results, ["ft", "coun"])
    return made


def cells(grid: Grid) -> list[str]:
    return [cell for line in grid.rows for cell in line]


def test_cells_by_hand(table: Table) -> None:
    found = grid(table)
    lines = {line[0]: dict(zip(found.head, line, strict=True)) for line in found.rows}
    assert list(lines) == ["(goal)", "original (n=2)", "retrain (n=3)", "ft (n=3)", "coun (n=3)"]
    mine = lines["coun (n=3)"]
    assert mine["RA"] == "100.90±0.10 (+1.00)"
    assert mine["AUC"] == "0.510±0.000"
    assert mine["gap"] == "1.00 [1.00, 1.00] *"
    assert mine["paired gap"] == "1.00±0.00"
    assert mine["FLOPs"] == mine["seconds"] == "0.10x"
    assert lines["retrain (n=3)"]["RA"] == "99.90±0.10"
    assert lines["retrain (n=3)"]["gap"] == "-"
    assert lines["original (n=2)"]["RA"] == "102.95 (+3.05)"
    assert lines["(goal)"]["gap"] == "0"
    assert lines["(goal)"]["RA"] == "Retrain's"
    assert found.title == "cifar10 / resnet18 / random:0.1: 3 training seeds (0, 1, 2)"
    wide = grid(table, Look(spread="interval")).rows[-1][1]
    assert wide == "100.90±0.25 (+1.00)"
    assert signed(-0.001) == "+0.00"


def test_only_some_rows(table: Table) -> None:
    names = [line[0] for line in grid(table, Look(only=("ft",))).rows]
    assert names == ["(goal)", "original (n=2)", "retrain (n=3)", "ft (n=3)"]


def test_columns_are_as_wide_as_the_runs_measures() -> None:
    """Of a sequence, UA of each request; of class requests, TA of the classes that are gone."""
    more = {"gone_test_accuracy": 1.0, "unlearn_accuracy_1": 2.0, "unlearn_accuracy_2": 3.0}
    (made,) = tables([run("ft", RETRAINS[0], more=more)])
    assert grid(made).head == ["model", "RA", "UA", "TA", "MIA", "TA gone", "UA 1", "UA 2"]


@pytest.mark.parametrize("width", [20, 40, 80, 200, 400])
def test_text_shows_every_cell_whole_at_any_width(table: Table, width: int) -> None:
    found = grid(table)
    shown = text(replace(found, notes=[]), width)
    for cell in [*cells(found), *found.head[1:]]:
        assert cell in shown
    numbers = re.findall(r"\d+\.\d+", shown)
    assert len(numbers) >= sum(len(re.findall(r"\d+\.\d+", cell)) for cell in cells(found))
    if width >= 40:
        assert max(map(len, shown.split("\n")[2:])) <= width
    tables_shown = shown.count("\n---")
    assert tables_shown == (1 if width == 400 else tables_shown)
    assert (tables_shown == 0) == (width == 20)


def test_wide_text_is_one_table_and_a_grid_without_columns_is_none(table: Table) -> None:
    assert text(grid(table), 400).count("\n---") == 1
    assert text(Grid("a title", ["model"], [], ["a note"]), 80).split("\n")[-1] == "a note"


MARKUP = r"a_b & 50 % <b>|#{}~^\ [x](y) `c` *d*"


def test_a_label_with_markup_is_taken_literally() -> None:
    found = Grid(MARKUP, ["model", "$x$"], [[MARKUP, "1.0±0.5"]], ["[1] & *note*"])
    tex = latex(found).split("\n")
    line = next(one for one in tex if r"$1.0 \pm 0.5$" in one)
    name = r"a\_b \& 50 \% \textless{}b\textgreater{}\textbar{}\#\{\}\textasciitilde{}"
    name += r"\textasciicircum{}\textbackslash{} {[}x](y) `c` {*}d{*}"
    assert line == rf"{name} & $1.0 \pm 0.5$ \\"
    assert r"model & \$x\$ \\" in tex
    assert rf"\caption{{{name}}}" in tex
    assert r"{[}1] \& {*}note{*}\\" in tex
    shown = markdown(found)
    assert r"a\_b & 50 % \<b\>\|\#{}~^\\ \[x\](y) \`c\` \*d\*" in shown
    (body,) = [one for one in shown.split("\n") if one.endswith("| 1.0±0.5 |")]
    assert len(re.findall(r"(?<!\\)\|", body)) == 3


@pytest.mark.parametrize(
    ("cell", "maths"),
    [
        ("99.90±0.01 (-0.08)", r"$99.90 \pm 0.01$ ($-0.08$)"),
        ("0.25 [0.20, 0.31] †‡", r"$0.25$ {[}$0.20$, $0.31$] $^{\dagger}$$^{\ddagger}$"),
        ("0.31x", r"$0.31\times$"),
        ("-", "--"),
        ("3.26 §", r"$3.26$ $^{\S}$"),
        ("1e-05", "$1e-05$"),
        ("Retrain's", "Retrain's"),
        ("top-3", "top-3"),
    ],
)
def test_numbers_become_maths(cell: str, maths: str) -> None:
    assert value(cell) == maths


def test_latex_is_balanced(table: Table) -> None:
    shown = latex(grid(table, Look(command="untrain bench table x_y --only a&b")))
    lines = shown.split("\n")
    columns = [one.count(" & ") for one in lines if one.endswith(r" \\")]
    assert len(set(columns)) == 1
    for opening, closing in ((r"\begin{table*}", r"\end{table*}"), (r"\toprule", r"\bottomrule")):
        assert shown.count(opening) == shown.count(closing) == 1
    plain = re.sub(r"\\[{}]", "", shown)
    assert plain.count("{") == plain.count("}")
    assert plain.replace(r"\$", "").count("$") % 2 == 0
    assert r"x\_y -{}-only a\&b" in shown or r"x\_y --only a\&b" in shown
    assert escaped("a\nb") == "a b"


def test_values_for_programs_read_back(table: Table) -> None:
    found = grid(table)
    lines = [line.split("\t") for line in tsv([found]).split("\n")]
    assert lines[0] == found.head
    assert [" ".join(cell.split()) for cell in found.rows[-1]] == lines[-1]
    both = list(csv.reader(io.StringIO(comma([found, found]))))
    assert both[0] == ["table", *found.head]
    assert both[1][0] == found.title
    assert len(both) == 2 * len(lines)


def test_the_long_form_has_a_line_for_each_run_in_full_precision() -> None:
    third = 100 / 3
    results = [run("ft", [third, 1, 2, math.nan], settings={"lr": 0.1}), run("retrain", [1] * 4)]
    lines = list(csv.DictReader(io.StringIO(long(results))))
    assert [line["row"] for line in lines] == ["ft (lr 0.1)", "retrain"]
    assert float(lines[0]["retain_accuracy"]) == third
    assert lines[0]["mia_efficacy"] == ""
    assert lines[0]["lr"] == "0.1"
    assert lines[1]["lr"] == ""
    assert lines[0]["epoch"] == "last"
    assert float(lines[0]["cost_flops"]) == 1e10
    assert lines[0]["device"] == "cpu"


def test_json_holds_everything_and_nothing_that_is_no_number(table: Table) -> None:
    content = json.loads(json.dumps(values(table, Look()), allow_nan=False))
    rows = {one["row"]: one for one in content["rows"]}
    assert rows["coun"]["gap"]["average"] == pytest.approx(1)
    assert rows["coun"]["marks"] == {"best": True, "tie": False, "noise": False}
    assert rows["original"]["std"]["retain_accuracy"] is None
    assert rows["retrain"]["gap"] is None
    assert rows["coun"]["pairs"] == [[0, 0], [0, 1], [0, 2]]
    assert content["gap_over"][0] == "retain_accuracy"
    assert content["metrics"]["retain_accuracy"]["goal"] == "Retrain's"


def test_what_is_missing_is_told_first() -> None:
    results = [*row("retrain", RETRAINS[:2]), *shifted("ft", RETRAINS, 1)]
    lost = run("coun", RETRAINS[0], train=1).cell
    later = [run("not", RETRAINS[0], train=seed).cell for seed in (0, 2)]
    lacks = [Lack(lost, "It has diverged."), *map(Lack, later)]
    (made,) = tables(results, lacks=lacks)
    found = notes(made, Look(study="mine"), {})
    assert found[:3] == [
        "No Retrain for seed 2: its gaps cannot be computed. Add it: untrain bench run mine "
        "--only retrain",
        "Failed: coun, seed 1: It has diverged.",
        "Not finished yet: not (seeds 0, 2).",
    ]
    (bare,) = tables(shifted("ft", RETRAINS, 1))
    assert notes(bare, Look(study="mine"), {})[0] == (
        "No Retrain for cifar10 / resnet18 / random:0.1: gaps cannot be computed. Add it: untrain "
        "bench run mine --only retrain"
    )
    assert "gap" not in grid(bare).head
    (empty,) = tables([], lacks=lacks)
    assert grid(empty).rows == []
    assert "Not finished yet: not (seeds 0, 2)." in grid(empty).notes


def test_the_caption_names_the_measures_of_the_gap(table: Table) -> None:
    assert any("averaged over RA, UA, TA, MIA, in points" in note for note in grid(table).notes)
    (made,) = tables(
        [*row("retrain", RETRAINS), *shifted("ft", RETRAINS, 1)], over=("test_accuracy",)
    )
    assert any("averaged over TA, in points" in note for note in grid(made).notes)


def test_samples_and_protocol_are_told() -> None:
    again = [run("ft", RETRAINS[0], train=0, split=s, unlearn=u) for s in (0, 1) for u in (1, 2)]
    job = replace(again[0].cell.job, data=replace(again[0].cell.job.data, holdout=0.0))
    job = replace(job, rules=("random:0.1", "random:0.1"))
    again[0] = replace(again[0], cell=replace(again[0].cell, job=job))
    (made,) = tables(again)
    found = " ".join(notes(made, Look(), {}))
    assert "Fewer than 3 seeds: no spread" in found
    assert "Several unlearning seeds per training seed (ft): averaged first" in found
    assert "Several split seeds: n counts pairs" in found
    assert "the test set stands in for it" in found
    assert "a model's cost is that of its last one" in found
    assert title(made).endswith("1 training seed (0), 2 split seeds (0, 1)")
    assert paired([(0, 0), (1, 2), (1, 3)]) == "seed 0 of split seed 0; seeds 2, 3 of split seed 1"


def test_settings_over_preset_and_defaults() -> None:
    settings = [{"lr": 0.07, "epochs": 10}, {"lr": 0.07, "lam": 0.3}]
    results = [run("ft", RETRAINS[0], settings=settings[0])]
    results += [run("coun", RETRAINS[0], settings=settings[1]), run("retrain", RETRAINS[0])]
    (made,) = tables(results)
    lines = " ".join(told(made))
    assert "Settings over the defaults. All methods: lr 0.07." in lines
    assert re.search(r"ft \(.*\): epochs 10\.", lines)
    assert re.search(r"coun \(.*\): lam 0.3", lines)
    over = " ".join(told(made, "laptop"))
    assert "preset laptop" in over
    assert "All methods: lr 0.07, batch 256." in over
    assert "epochs 10" not in over


def of(commit: str = "a" * 40, train: int = 0, **more: object) -> Result:
    return run("ft", RETRAINS[0], train=train, environment={"commit": commit, **more})


def test_runs_that_do_not_share_code_or_machine_are_told() -> None:
    assert mixed([of(), of(train=1)]) == []
    (note,) = mixed([of(), of("b" * 40, train=1)])
    assert note == "Mixed commit: aaaaaaaaaa: ft (seed 0); bbbbbbbbbb: ft (seed 1)."
    (note,) = mixed([of(), of(train=1, device="NVIDIA H200"), of(train=1, device="NVIDIA H200")])
    assert note.startswith("Mixed device: NVIDIA H200: ft (seed 1); cpu: ft (seed 0).")
    notes = mixed([of("c" * 40 + "-dirty", seed) for seed in range(5)])
    assert notes == [
        "Made by code with uncommitted changes: ft (seed 0), ft (seed 1), ft (seed 2) and 2 more."
    ]
    other = replace(of(train=1), about={"schema": 2, "environment": of().about["environment"]})
    assert "Mixed schema: 1: ft (seed 0); 2: ft (seed 1)." in mixed([of(), other])[0]
    numerics = [of(numerics={"engine": n}, train=n) for n in (1, 2)]
    assert "Mixed numerics: engine 1: ft (seed 1); engine 2" in mixed(numerics)[0]


def test_notes_that_tables_share_stand_once() -> None:
    one, two = (Grid(name, ["model"], [], [f"of {name}", "of both"]) for name in ("one", "two"))
    assert [grid.notes for grid in together([one, two])] == [["of one"], ["of two", "of both"]]
    assert together([one]) == [one]
