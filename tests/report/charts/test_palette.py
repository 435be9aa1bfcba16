"""Looks of rows: told apart without colour, kin by colour, and seen on light and on dark pages."""

from __future__ import annotations

import pytest
from by_hand import row, table

from untrain.report.charts import palette
from untrain.report.charts.legend import LENGTH
from untrain.report.data import shown

PLAIN = ("ft", "neggrad-plus", "coun", "ssd", "scrub", "bad-teacher", "cu", "l1-sparse", "not")
MORE = ("neggrad-plus+contrastive", "l1-sparse+contrastive", "not+contrastive", "ft+contrastive")
MANY = (*PLAIN, *MORE, "salun", "random-labels", "ga")


def test_no_two_rows_share_a_shape_or_a_dash() -> None:
    looks = palette.scales(table(*(row(label, 2, 1) for label in ("original", "retrain", *MANY))))
    assert len(set(looks.shapes)) == len(looks.labels) == len(MANY) + 2
    by_color = [
        (color, tuple(dash)) for color, dash in zip(looks.colors, looks.dashes, strict=True)
    ]
    assert len(set(by_color)) == len(by_color)


@pytest.mark.parametrize("label", MORE)
def test_a_method_with_a_term_has_its_colour_and_its_shape_with_a_hole(label: str) -> None:
    looks = palette.scales(table(*(row(label, 2, 1) for label in MANY)))
    places = [looks.labels.index(shown(one)) for one in (label.partition("+")[0], label)]
    assert len({looks.colors[place] for place in places}) == 1
    assert looks.shapes[places[1]] == palette.HOLLOW[looks.shapes[places[0]]]
    assert looks.dashes[places[0]] != looks.dashes[places[1]]


def test_settings_of_a_method_are_rows_of_their_own() -> None:
    assert palette.family("ft+contrastive (lam 1)") == palette.family("ft (lam 1)")
    assert palette.family("ft (lam 1)") != palette.family("ft (lam 2)")


def luminance(color: str) -> float:
    """Relative luminance of WCAG 2."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return sum(weight * x for weight, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("color", [*palette.COLORS, palette.GREY, *palette.SETS.values()])
def test_thin_lines_are_seen_on_light_and_on_dark_pages(color: str) -> None:
    for ground in ("#ffffff", "#14171a"):
        high, low = sorted((luminance(color), luminance(ground)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 3


def test_a_dash_is_whole_in_a_legend() -> None:
    assert max(map(sum, palette.DASHES)) <= LENGTH
