"""What of a forget rule may name a person, and what stays of it after a purge."""

from __future__ import annotations

import pytest

from untrain.data.sets.hidden import hidden, personal
from untrain.data.sets.pseudonyms import pseudonym

RULES = [
    ("where:user=17", "where:user={17}", ["17"]),
    ("where:class=cat,user=17|18", "where:class=cat,user={17}|{18}", ["17", "18"]),
    ("where:Label=a|b", "where:Label=a|b", []),
    ('where:place="Paris, France"', "where:place={Paris, France}", ["Paris, France"]),
    ("where:name=O'Brien,city=Bonn", "where:name={O'Brien},city={Bonn}", ["O'Brien", "Bonn"]),
    ('where:user=""', 'where:user=""', []),
    ("where:user", "where:{user}", ["user"]),
    ('where:"person', 'where:{"person}', ['"person']),
    ('where:user="17', 'where:user={"17}', ['"17']),
    ("ids:lists/user-17.txt", "ids:lists/{user-17}.txt", ["user-17"]),
    ("indices:user-17", "indices:{user-17}", ["user-17"]),
    *((rule, rule, []) for rule in ("random:0.1", "class:9,3", "subclass:rocket", "planted:0.5")),
]
"""A rule, what may stay of it with digests in place of {values}, and these values."""


@pytest.mark.parametrize(("rule", "after", "values"), RULES)
def test_values_are_personal_and_classes_are_not(rule: str, after: str, values: list[str]) -> None:
    for value in values:
        after = after.replace("{" + value + "}", pseudonym(value))
    assert hidden(rule) == after
    assert personal(rule) == values
    assert hidden(after) == after
    assert not personal(after)
