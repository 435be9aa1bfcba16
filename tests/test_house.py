"""The shape of the house: imports point one way, public names are a list, the tree is true."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import untrain
from untrain.registry import methods

ROOT = Path(untrain.__file__).parent
FLOORS = (
    {"version", "errors", "files", "progress", "rng", "registry", "fields"},
    {"data", "models", "losses", "config", "recipes", "task"},
    {"methods"},
    {"engine"},
    {"runs", "metrics"},
    {"verdict", "traces"},
    {"api", "demo", "doctor", "joint", "testing", "tune"},
    {"bench"},
    {"report"},
    {"dash"},
    {"cli", "__main__", "__init__"},
)
"""From the ground up: a module imports from its own floor or one below."""


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def floor(module: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if module in rooms)


def imported(path: Path) -> set[str]:
    """Full names of what a file imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    own = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if own == "__init__":
        return  # the public face names everything, lazily
    for name in imported(path):
        if name.startswith("untrain."):
            room = name.split(".")[1]
            assert floor(room) <= floor(own), f"{own} imports {name}"


def test_a_method_never_imports_the_engine_nor_the_report_torch() -> None:
    for path in (ROOT / "methods").glob("*.py"):
        assert not any(name.startswith("untrain.engine") for name in imported(path))
    for path in (*(ROOT / "report").rglob("*.py"), *(ROOT / "dash").rglob("*.py")):
        assert not any(name.startswith("torch") for name in imported(path))


def test_public_names() -> None:
    expected = {"Output", "Result", "Task", "UserError", "__version__"}
    expected |= {"audit", "examine", "unlearn", "wrap"}
    assert set(untrain.__all__) == expected
    assert all(getattr(untrain, name) for name in untrain.__all__)


def test_no_room_is_crowded() -> None:
    for path in modules():
        assert len(path.read_text().splitlines()) <= 260, path


def test_the_tree_in_the_readme_names_every_room() -> None:
    readme = (ROOT.parents[1] / "README.md").read_text()
    for path in modules():
        if path.name != "__init__.py" and not {"cli", "methods"} & {*path.parts}:
            assert path.name in readme, path


def test_the_table_in_the_readme_names_every_method() -> None:
    readme = (ROOT.parents[1] / "README.md").read_text()
    for name in methods.modules:
        assert f"](docs/methods/{name}.md)" in readme, name
