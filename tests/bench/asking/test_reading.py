"""Everything that is wrong with a study file is told at once, with file, line and nearest key."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from untrain.bench.asking.study import Study
from untrain.config import changed
from untrain.errors import UserError

HEAD = 'title = "t"\nforget = ["random:0.1"]\ndata.data = "digits"\n'
FT = '[[methods]]\nname = "ft"\n'
Load = Callable[[str], Study]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def read(text: str) -> Study:
        (tmp_path / "mine.toml").write_text(text)
        return Study.load(str(tmp_path / "mine.toml"))

    return read


def problems(load: Load, text: str) -> list[UserError]:
    with pytest.raises(UserError) as caught:
        load(text)
    return list(getattr(caught.value, "problems", [caught.value]))


BAD = [
    ("titel = 1\n" + HEAD + FT, 1, "Unknown key 'titel'. Did you mean 'title'?"),
    (HEAD + "seeds = [0, 1, 0]\n" + FT, 4, "seeds names 0 twice."),
    (HEAD + "seeds = 0\n" + FT, 4, "seeds = 0 is none."),
    (HEAD + "seeds = [-1]\n" + FT, 4, "seeds names -1."),
    (HEAD + "split_seeds = []\n" + FT, 4, "split_seeds is empty."),
    (HEAD + 'seeds = "two"\n' + FT, 4, "seeds = 'two': Input should be a valid integer."),
    (HEAD + 'paper = "coun"\ntables = [2, 11]\n' + FT, 5, "The paper 'coun' has no table 11."),
    (HEAD + 'paper = "con"\n' + FT, 4, "Unknown paper 'con'. Did you mean 'coun'?"),
    (HEAD + "tables = [2]\n" + FT, 4, "'tables' stands without 'paper'."),
    (HEAD + 'audits = ["acuracy"]\n' + FT, 4, "Unknown audit 'acuracy'."),
    (HEAD + 'preset = "labtop"\n' + FT, 4, "Unknown preset 'labtop'. Did you mean 'laptop'?"),
    (HEAD + 'recipe = "nosuch"\n' + FT, 4, "Unknown recipe 'nosuch'."),
    ("forget = []\n" + FT, 1, "forget is empty."),
    ('forget = ["clas:1"]\n' + FT, 1, "Unknown forget rule 'clas'. Did you mean 'class'?"),
    ('forget = ["random:9", "random:9"]\n' + FT, 1, "forget names random:9 twice."),
    (HEAD + "methods = 3\n", 4, "'methods' is no list of tables."),
    (HEAD + "[data.foo]\n" + FT, 4, "Unknown key 'foo'."),
    (HEAD + "[model]\nmodle = 1\n" + FT, 5, "Unknown key 'modle'. Did you mean 'model'?"),
    (HEAD + "data.holdout = 'a'\n" + FT, 4, "holdout = 'a': Input should be a valid number."),
    (HEAD + "data.limit = []\n" + FT, 4, "limit = [] asks for no value."),
    (HEAD + "data.split_seed = 1\n" + FT, 4, "[data] holds split_seed."),
    (HEAD + "[train]\nepochs = 0\n" + FT, 5, "epochs = 0 is out of range."),
    (HEAD + "train = 3\n" + FT, 4, "'train' is no table."),
    (HEAD + FT + "lr = [0.1,\n 'x']\n", 6, "lr = 'x': Input should be a valid number."),
    (HEAD + FT + "lr = [0.1, 0.1]\n", 6, "lr names 0.1 twice."),
    (HEAD + FT + "epoch = 3\n", 6, "Unknown key 'epoch'. Did you mean 'epochs'?"),
    (HEAD + FT + "lr_min = 2.0\n", 6, "lr_min = 2.0 is out of range."),
    (HEAD + FT + "available = 1.5\n", 6, "available = 1.5 is out of range."),
    (HEAD + FT + 'select = "best"\n', 6, "select = 'best': Input should be 'none'"),
    (HEAD + FT + 'preset = "x"\n', 6, "ft: Unknown preset 'x'."),
    (HEAD + FT + "contrastive.lam = 1\n", 6, "'contrastive' has values here, but the term is"),
    (HEAD + FT + 'add = "contrast"\n', 6, "Unknown term 'contrast'. Did you mean"),
    (HEAD + FT + 'add = "contrastive"\ncontrastive.lamb = 1\n', 7, "Unknown key 'lamb'."),
    (HEAD + FT + 'add = "contrastive"\ncontrastive.tau = 0\n', 7, "contrastive.tau = 0.0 is out"),
    (HEAD + '[[methods]]\nname = "cof"\n', 5, "Unknown method 'cof'. Did you mean"),
    (HEAD + "[[methods]]\nlr = 1\n", 4, "An entry of [[methods]] has no name."),
    (HEAD + FT + FT, 6, "Two rows are called 'ft'."),
    (HEAD + FT + 'label = "retrain"\n', 4, "Every study has a row 'retrain' already."),
    (HEAD + '[[methods]]\nname = "ssd"\ngrid = "search"\n', 6, "'ssd' has no search space."),
    (HEAD + FT + 'grid = "search"\nlr = 0.1\n', 7, "lr has a value of its own, and the search"),
    (HEAD + '[[methods]]\nname = "unsir"\n', 4, "'unsir' is not applicable: it forgets whole"),
    (HEAD + '[[methods]]\nname = "ga"\nadd = "contrastive"\n', 4, "'ga' has no step on retain"),
    (
        HEAD + '[[methods]]\nname = "cu"\nforget_data = false\n',
        4,
        "'cu' trains on forgotten images",
    ),
    (
        HEAD.replace('"digits"', '"digts"') + FT,
        3,
        "Unknown data set 'digts'. Did you mean 'digits'?",
    ),
    (HEAD + "data.holdout = 0\n" + '[[methods]]\nname = "cu"\n', 5, "There are no held-out images"),
]


@pytest.mark.parametrize(("text", "line", "what"), BAD, ids=[what for _, _, what in BAD])
def test_a_mistake_is_told_with_its_line(load: Load, text: str, line: int, what: str) -> None:
    (problem,) = problems(load, text)
    assert problem.what.startswith(what), problem.what
    assert re.match(rf".*mine\.toml, line {line}(\D|$)", problem.where), problem.where
    assert problem.fix


def test_a_study_without_methods_or_requests_is_told_both(load: Load) -> None:
    told = [problem.what for problem in problems(load, 'title = "t"\n')]
    assert told == ["The study does not say what to forget.", "The study names no method."]


def test_all_mistakes_are_told_at_once(load: Load) -> None:
    text = "titel = 1\nseeds = 0\nforget = 3\n[data]\nlimitt = 1\n[train]\nlr = -1.0\n" + FT
    text += 'lr = 0\n[[methods]]\nname = "nosuch"\n'
    lines = [int(p.where.rpartition("line ")[2]) for p in problems(load, text) if "line" in p.where]
    assert sorted(lines) == [1, 2, 3, 5, 7, 10, 12]


def test_values_stand_over_each_other_in_order(load: Load, tmp_path: Path) -> None:
    recipe = tmp_path / "tuned.toml"
    recipe.write_text("[coun]\nlr = 0.2\nlam = 2\n[ft.contrastive]\nlam = 0.7\n")
    study = load(
        f'{HEAD}preset = "laptop"\nrecipe = "{recipe}"\n'
        '[[methods]]\nname = "coun"\nlam = 3\n'
        '[[methods]]\nname = "ft"\nadd = "contrastive"\ncontrastive.tau = 0.2\n'
    )
    coun, ft = study.methods
    assert changed(coun.method) == {"epochs": 5, "batch": 64, "lr": 0.2, "lam": 3.0}
    assert changed(ft.terms[0]) == {"lam": 0.7, "tau": 0.2}
    assert (coun.tuned, ft.tuned) == (str(recipe), str(recipe))
    assert study.data[0].limit == 5000


def test_without_a_preset_the_batch_of_training_is_taken_over(load: Load) -> None:
    again = '[[methods]]\nname = "retrain"\nlabel = "again"\n'
    study = load(HEAD + "[train]\nbatch = 32\nepochs = 3\n" + FT + again)
    assert [(row.method.batch, row.method.epochs) for row in study.methods] == [(32, 50), (32, 3)]
    assert study.methods[1].method == study.train


def test_whole_numbers_make_no_other_run(load: Load) -> None:
    one, same = (load(HEAD + FT + f"weight_decay = {value}\n").methods[0] for value in ("1", "1.0"))
    assert repr(one.method) == repr(same.method)


def test_a_method_that_needs_a_whole_class_can_have_one(load: Load) -> None:
    text = HEAD.replace("random:0.1", "class:3,4") + '[[methods]]\nname = "unsir"\n'
    assert load(text).methods[0].label == "unsir"
