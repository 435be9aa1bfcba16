"""Names without imports, the nearest name, and things added by hand."""

from __future__ import annotations

import pytest

from untrain.errors import UserError
from untrain.methods import CoUn
from untrain.registry import Registry, methods, models, terms


def new() -> Registry:
    """A registry of the same networks, to add to."""
    return Registry("model", "untrain.models", {"small": "small", "resnet18": "resnet"})


@pytest.mark.parametrize(
    ("registry", "names"),
    [
        (models, {"small", "resnet18", "resnet34", "resnet50"}),
        (methods, {"coun", "ft", "retrain", "retrain-short"}),
        (terms, {"contrastive"}),
    ],
    ids=["models", "methods", "terms"],
)
def test_names_are_sorted_and_hold_what_the_package_has(
    registry: Registry, names: set[str]
) -> None:
    assert names <= set(registry.names())
    assert registry.names() == sorted(registry.names())


@pytest.mark.parametrize("registry", [models, methods, terms], ids=["models", "methods", "terms"])
def test_every_name_gives_an_object(registry: Registry) -> None:
    assert all(callable(registry.get(name)) for name in registry.names())


def test_a_method_is_found_by_the_name_of_its_file() -> None:
    assert methods.get("coun") is CoUn
    assert methods.get("retrain_short") is methods.get("retrain-short")


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(UserError, match=r"Unknown method 'cuon'\. Did you mean 'coun'") as caught:
        methods.get("cuon")
    assert caught.value.fix == "See: untrain list methods"


def test_a_name_like_none_has_no_suggestion() -> None:
    with pytest.raises(UserError) as caught:
        methods.get("zzz")
    assert caught.value.what == "Unknown method 'zzz'."


@pytest.mark.parametrize("name", ["my-net", "my_net"])
def test_an_object_added_by_hand_is_found_and_listed(name: str) -> None:
    registry = new()
    assert registry.add(name, CoUn) is CoUn
    assert registry.get("my-net") is registry.get("my_net") is CoUn
    assert registry.names() == ["my-net", "resnet18", "small"]


def test_a_later_object_of_a_name_replaces_it() -> None:
    registry = new()
    registry.add("small", dict)
    registry.add("small", list)
    assert registry.get("small") is list
