"""The packages that untrain can use: what each is for, its version, what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, metadata

from untrain.doctor.trouble import Trouble

GROUPS = {
    "core": {
        "torch": "everything",
        "lightning-fabric": "training on any device",
        "numpy": "everything",
        "scikit-learn": "embedded digits, audits",
        "pyarrow": "parquet files",
        "pillow": "decoding images",
        "safetensors": "checkpoints",
        "huggingface-hub": "downloading data sets",
        "tyro": "flags",
        "rich": "progress, tables",
        "pydantic": "recipes",
    },
    "report": {
        "altair": "pictures, reports",
        "vl-convert-python": "pictures, reports",
        "jinja2": "reports",
    },
    "tune": {"optuna": "untrain tune"},
    "optional": {
        "timm": "--model timm:NAME",
        "torchvision": "--model torchvision:NAME",
        "transformers": "--model hf:NAME",
        "tensorboardX": "--track tensorboard",
        "mlflow-skinny": "--track mlflow",
    },
}
"""What every package is for. Without one of `core` nothing is promised to work."""
INSTALL = {
    "core": "pip install -c constraints.txt . (in untrain's folder)",
    "report": "pip install -c constraints.txt '.[report]' (in untrain's folder)",
    "tune": "pip install -c constraints.txt '.[tune]' (in untrain's folder)",
}
IMPORTED = {"numpy": "numpy", "pillow": "PIL", "torch": "torch", "torchvision": "torchvision"}
"""Compiled, by what they are imported as: installed is not yet working, so they are tried."""


@dataclass(frozen=True)
class Package:
    """A package as it is here."""

    name: str
    group: str
    """core, report, tune or optional."""
    purpose: str
    version: str = ""
    """Empty if it is not installed."""
    problem: str = ""
    """What stands against it beyond being absent."""


def installed(name: str) -> str:
    """The version of a package, "" if it is not there."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def look(version_of: Callable[[str], str] = installed) -> list[Package]:
    """All packages that untrain can use, as they are here."""
    found = []
    for group, purposes in GROUPS.items():
        for name, purpose in purposes.items():
            version = version_of(name)
            problem = outdated(name, version) if version else ""
            if version and not problem and name in IMPORTED:
                problem = fails(IMPORTED[name])
            found.append(Package(name, group, purpose, version, problem))
    return found


def troubles(packages: list[Package]) -> list[Trouble]:
    """What is missing for what. Nobody misses an optional package, unless it is broken."""
    found = []
    for group, install in INSTALL.items():
        missing = [one for one in packages if one.group == group and not one.version]
        if missing:
            names = ", ".join(one.name for one in missing)
            purposes = "; ".join(dict.fromkeys(one.purpose for one in missing))
            what = f"Missing: {names}, for: {purposes}."
            found.append(Trouble(what, install, "core" if group == "core" else "part"))
    for one in packages:
        if one.problem:
            fix = INSTALL.get(one.group, "Install the one for this torch, or remove it.")
            what = f"{one.name} {one.version} {one.problem}"
            found.append(Trouble(what, fix, "core" if one.group == "core" else "part"))
    return found


def outdated(name: str, version: str) -> str:
    """What untrain's own requirements say against a version, "" if nothing."""
    try:
        from packaging.requirements import Requirement

        lines = metadata.requires("untrain") or []
    except ModuleNotFoundError:  # run from its source, or nearly nothing is installed
        return ""
    for one in map(Requirement, lines):
        if one.name == name and not one.specifier.contains(version, prereleases=True):
            return f"does not fit: {one} is asked for."
    return ""


def fails(module: str) -> str:
    """Why a module cannot be imported, "" if it can."""
    try:
        import_module(module)
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        first = (str(error) or type(error).__name__).splitlines()[0]
        return f"does not import: {first}"
    return ""
