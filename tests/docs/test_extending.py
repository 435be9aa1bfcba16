"""docs/extending.md: its method is taken from the page and installed like an outside package."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from untrain.cli.main import main
from untrain.registry import methods

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The page's method as an installed distribution: a module and its entry points."""
    (tmp_path / "half_step.py").write_text(blocks("python")[0])
    about = tmp_path / "half_step-1.0.dist-info"
    about.mkdir()
    about.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: half-step\nVersion: 1.0\n")
    name, target = re.findall(r'(\S+) = "(\S+)"', blocks("toml")[0])[0]
    about.joinpath("entry_points.txt").write_text(f"[untrain.methods]\n{name} = {target}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield
    methods.objects.pop("half-step", None)
    sys.modules.pop("half_step", None)


@pytest.mark.usefixtures("installed")
def test_it_is_listed_with_its_flags(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "methods"]) == 0
    assert re.search(r"^half-step .*retain, forget", capsys.readouterr().out, re.MULTILINE)
    assert main(["unlearn", "half-step", "--help"]) == 0
    assert "--push" in capsys.readouterr().out


@pytest.mark.usefixtures("installed")
def test_it_unlearns_from_the_command_line(tmp_path: Path) -> None:
    """And its row stands in the table."""
    small = ["--epochs", "1", "--batch", "64"]
    original, out = str(tmp_path / "original"), str(tmp_path / "out")
    assert main(["train", *small, "--limit", "200", "--out", original]) == 0
    start = ["unlearn", "half-step", "--original", original, "--forget", "random:0.1"]
    assert main([*start, *small, "--push", "0.1", "--out", out]) == 0
    assert '"push": 0.1' in (tmp_path / "out" / "run.json").read_text()


@pytest.mark.usefixtures("installed")
def test_it_keeps_the_contract_as_the_page_says() -> None:
    exec(compile(blocks("python")[1], str(PAGE), "exec"), {})


@pytest.mark.usefixtures("installed")
def test_a_broken_method_is_told_what_it_breaks() -> None:
    from untrain.methods.contract import State, Step
    from untrain.methods.ft import FT
    from untrain.testing import check_method

    class Peeks(FT):
        def loss(self, step: Step, state: State):  # type: ignore[no-untyped-def]
            return super().loss(step, state) * (1 + state["unseen"])

        def prepare(self, run):  # type: ignore[no-untyped-def]
            return {"unseen": next(run.batches("unseen", 4)).x.mean()}

    with pytest.raises(AssertionError) as told:
        check_method(Peeks)
    assert "Peeks breaks the contract" in str(told.value)
    assert "reads_only_its_sets: it reads more than {'retain'}" in str(told.value)


@pytest.mark.usefixtures("installed")
def test_one_that_cannot_be_imported_is_named_and_the_others_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "half_step.py").write_text("import no_such_package\n")
    assert main(["list", "methods"]) == 0
    table = capsys.readouterr().out
    assert "'half-step' of half-step cannot be imported (ModuleNotFoundError" in table
    assert re.search(r"^ft ", table, re.MULTILINE)
    assert main(["unlearn", "half-step", "--help"]) == 3
    assert "Mend or uninstall half-step." in capsys.readouterr().err


def test_whatever_a_method_raises_is_told_with_its_check() -> None:
    from untrain.methods.contract import State, Step
    from untrain.methods.ft import FT
    from untrain.testing import check_method

    class Hasty(FT):
        """L = CE(forget), which it never said that it trains on."""

        def loss(self, step: Step, state: State):  # type: ignore[no-untyped-def]
            return step.forget.out().logits.sum()

    with pytest.raises(AssertionError) as told:
        check_method(Hasty)
    assert "changes_the_model: it raised KeyError: 'forget'" in str(told.value)
    assert "resumes_in_the_middle: it raised KeyError" in str(told.value)
