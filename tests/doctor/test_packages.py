"""Packages: the list is untrain's own requirements; old, broken and missing ones are told."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from untrain.doctor import packages


def test_the_list_names_every_requirement() -> None:
    listed = {"core": set(packages.GROUPS["core"]), "report": set(packages.GROUPS["report"])}
    asked: dict[str, set[str]] = {"core": set(), "report": set()}
    for one in map(Requirement, metadata.requires("untrain") or []):
        group = "core" if one.marker is None else "report"
        if one.marker is None or one.marker.evaluate({"extra": "report"}):
            asked[group].add(one.name)
    assert listed == asked


def test_a_version_that_is_too_old_is_told_with_what_is_asked_for() -> None:
    found = packages.look(lambda name: "0.1" if name == "pyarrow" else packages.installed(name))
    trouble = next(one for one in packages.troubles(found) if "pyarrow" in one.what)
    assert trouble.what == "pyarrow 0.1 does not fit: pyarrow>=17 is asked for."
    assert (trouble.level, trouble.fix) == ("core", packages.INSTALL["core"])


def test_a_package_that_does_not_import_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a torchvision compiled for another torch: installed, and broken."""
    broken = "raise RuntimeError('operator torchvision::nms does not exist')\n"
    (tmp_path / "torchvision.py").write_text(broken)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    found = packages.look(lambda name: "1.0" if name == "torchvision" else packages.installed(name))
    trouble = next(one for one in packages.troubles(found) if "torchvision" in one.what)
    assert "does not import: operator torchvision::nms does not exist" in trouble.what
    assert (trouble.level, trouble.fix) == ("part", "Install the one for this torch, or remove it.")


def test_a_checkup_survives_what_it_looks_for() -> None:
    """Pillow is installed and cannot be imported: told, and all the rest as well."""
    code = "import sys; sys.modules['PIL'] = None; from untrain.cli.main import main; "
    code += "sys.exit(main(['doctor']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "pillow" in done.stdout
    assert "does not import" in done.stdout
    assert "Traceback" not in done.stderr
