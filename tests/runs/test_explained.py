"""What run.json says of the fields of a method, for each method there is."""

from __future__ import annotations

import json
from dataclasses import fields, make_dataclass

import pytest

from untrain.registry import methods, terms
from untrain.runs.record import explained


@pytest.mark.parametrize("name", sorted(methods.modules))
def test_every_field_has_its_default_and_a_text(name: str) -> None:
    method = methods.get(name)()
    found = explained(method, ())
    assert found == json.loads(json.dumps(found))
    assert set(found) == {one.name for one in fields(method)}
    for field, told in found.items():
        assert told["default"] == getattr(method, field)
        assert told["text"]


def test_fields_of_terms_carry_their_name() -> None:
    found = explained(methods.get("ft")(), (terms.get("contrastive")(),))
    assert found["contrastive.lam"]["default"] == terms.get("contrastive")().lam
    assert found["contrastive.lam"]["text"]


def test_a_method_without_a_source_has_no_texts() -> None:
    typed = make_dataclass("Typed", [("lr", float, 0.1)], namespace={"name": "typed"})
    assert explained(typed(), ()) == {"lr": {"default": 0.1, "text": ""}}
