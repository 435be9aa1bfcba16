"""How rows are named: each method by the name of its paper, other words as they are."""

from __future__ import annotations

import re

import pytest

from untrain.registry import methods
from untrain.report.data import listed, shown


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("original", "Original"),
        ("retrain", "Retrain"),
        ("retrain-short", "Retrain-short"),
        ("coun", "CoUn"),
        ("ft", "FT"),
        ("not", "NoT"),
        ("cu", "CU"),
        ("salun", "SalUn"),
        ("neggrad-plus", "NegGrad+"),
        ("l1-sparse", "l1-sparse"),
        ("random-label", "Random labels"),
        ("ft+contrastive", "FT + contrastive"),
        ("neggrad-plus+contrastive (lam 0.3)", "NegGrad+ + contrastive (lam 0.3)"),
        ("coun (lam 1.0, tau 0.5)", "CoUn (lam 1.0, tau 0.5)"),
        ("ft\n<b>", "FT\n<b>"),
        ("original-2", "original-2"),
        ("ft-2", "ft-2"),
        ("nothing", "nothing"),
        ("terms", "terms"),
        ("NegGrad+", "NegGrad+"),
        ("<script>", "<script>"),
        ("", ""),
    ],
)
def test_a_method_has_its_name_and_other_words_stay(label: str, name: str) -> None:
    assert shown(label) == name


def test_all_methods_have_a_short_name_of_their_own() -> None:
    names = {label: shown(label) for label in methods.modules}
    assert len(set(names.values())) == len(names)
    for label, name in names.items():
        assert len(name) <= 20
        assert re.sub("[^a-z0-9]", "", name.lower())[:1] == label[0]


@pytest.mark.parametrize(
    ("names", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), ("abc", "a, b and c")]
)
def test_names_in_a_row(names: list[str], said: str) -> None:
    assert listed(names) == said
