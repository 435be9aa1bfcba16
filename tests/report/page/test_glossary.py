"""Abbreviations are explained where they stand first, as whole words, and markup stays text."""

from __future__ import annotations

from untrain.report.page.glossary import glossed


def test_each_abbreviation_is_told_once() -> None:
    text = str(glossed("UA is low, RA is not; UA again"))
    assert text.count("<abbr title=") == 2
    assert '<abbr title="accuracy on retained training images, %">RA</abbr>' in text
    assert text.endswith("UA again")


def test_only_whole_words_count_and_the_longer_comes_first() -> None:
    assert str(glossed("MIA-x, TAX, floors, RAs, agree")) == "MIA-x, TAX, floors, RAs, agree"
    assert 'forgotten classes, %">TA gone</abbr>' in str(glossed("TA gone"))


def test_markup_in_a_text_is_shown() -> None:
    assert str(glossed("<b>1 & 2</b>")) == "&lt;b&gt;1 &amp; 2&lt;/b&gt;"
