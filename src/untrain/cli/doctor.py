"""`untrain doctor`: what this machine has, and what is missing for what."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from typing import Any

from untrain.errors import MISSING, unknown
from untrain.version import __version__

HELP = """usage: untrain doctor [--json]

What this machine has (cores, memory, GPU, precision, threads, packages, caches, disk), and what
is missing for what. Asks no network. Exit code 3 if something that every run needs is missing."""

Rows = list[tuple[str, str]]


def run(args: list[str]) -> int:
    from untrain.doctor.checkup import checkup

    if "--help" in args or "-h" in args:
        print(HELP)
        return 0
    for arg in args:
        if arg != "--json":
            raise unknown("flag", arg, ["--json"], "See: untrain doctor --help")
    found = checkup()
    if "--json" in args:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        show(found)
    return 0 if found["works"] else MISSING


def show(found: dict[str, Any]) -> None:
    """The findings in sections, the troubles, and a closing line."""
    sections = {"Machine": machine(found["machine"])}
    if found["computing"]:
        sections["Computing"] = computing(found)
    sections |= {"Packages": packages(found["packages"]), "Folders": folders(found)}
    for title, rows in sections.items():
        table(title, rows)
    for title, levels in (("To mend", ("core", "part")), ("Good to know", ("note",))):
        chosen = [one for one in found["troubles"] if one["level"] in levels]
        if chosen:
            told = [f"  {one['what']}\n    to do: {one['fix']}" for one in chosen]
            print("\n".join([title, *told]), end="\n\n")
    print(closing(found))


def table(title: str, rows: Rows) -> None:
    """A section: a calm table on a terminal, aligned lines in a pipe."""
    if not sys.stdout.isatty() or find_spec("rich") is None:
        lines = [title, *(f"  {name:<19}{value}".rstrip() for name, value in rows)]
        print("\n".join(lines), end="\n\n")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table.grid(padding=(0, 1))
    drawn.add_column(style="dim", min_width=20)
    for name, value in rows:
        drawn.add_row(f"  {name}", Text(value))
    Console(highlight=False).print(f"[bold]{title}[/bold]", drawn, "")


def machine(found: dict[str, Any]) -> Rows:
    cores, memory = found["cores"], found["memory"]
    physical = f", {cores['physical']} without hyper-threads" if cores["physical"] else ""
    quota = f" (a quota of {cores['quota']:.3g})" if cores["quota"] else ""
    swap = f"{size(memory['swap'])} of swap" if memory["swap"] else "no swap"
    abilities = f" ({', '.join(found['features'])})" if found["features"] else ""
    return [
        ("untrain", f"{__version__} on {found['system']}, Python {found['python']}"),
        ("processor", f"{found['processor']}{abilities}"),
        ("cores", f"{cores['logical']}{physical}; {cores['usable']} for this process{quota}"),
        ("load", f"{found['load']} over the last minute"),
        ("memory", f"{size(memory['available'])} free of {size(memory['total'])}, {swap}"),
        ("GPU driver", found["gpu_driver"] or "none"),
    ]


def computing(found: dict[str, Any]) -> Rows:
    about = found["computing"]
    gpus = [f"{one['name']}, {size(one['memory_free'])} free" for one in about["gpus"]]
    build = f"built for CUDA {about['cuda_build']}" if about["cuda_build"] else "built for CPUs"
    waiting = about["wait_policy"] or "they spin while they wait"
    if about["threads"] > 1:
        waiting += "; from Python, set it before torch is imported"
    return [
        ("torch", f"{about['torch']}, {build}"),
        ("GPUs", "; ".join(gpus) or "none"),
        ("device", about["device"]),
        ("precision", precision(about, found["machine"]["features"])),
        ("threads", f"{about['threads']} ({waiting})"),
    ]


def precision(about: dict[str, Any], features: list[str]) -> str:
    """What would be computed in, and why."""
    if about["precision"] != "32-true":
        return f"{about['precision']}: this GPU has it, and weights stay 32 bit"
    if about["device"] != "cpu":
        return "32-true: this GPU has no bf16"
    from untrain.doctor.computing import FAST_BF16

    fast = ", ".join(sorted(FAST_BF16 & set(features)))
    if fast:
        return f"32-true; --precision bf16-mixed may be faster here ({fast})"
    return "32-true; bf16-mixed is not known to be faster on this processor"


def packages(listed: list[dict[str, str]]) -> Rows:
    rows = []
    for one in listed:
        state = one["version"] or "not installed"
        state += " !" if one["problem"] else ""
        extra = "" if one["group"] == "core" else f" ({one['group']})"
        rows.append((one["name"], f"{state:<15}{one['purpose']}{extra}"))
    return rows


def folders(found: dict[str, Any]) -> Rows:
    rows = []
    if cache := found["image_cache"]:
        count = f"{cache['entries']} entries, {size(cache['bytes'])}"
        rows.append(("decoded images", f"{place(cache)}; {count}"))
    if hub := found["hub"]:
        held = ", ".join(hub["data_sets"]) or "no data sets"
        reach = "HF_HUB_OFFLINE: no downloads" if hub["offline"] else f"from {hub['endpoint']}"
        rows.append(("downloads", f"{place(hub)}; {held}; {reach} (not tried)"))
    rows.append(("embedded digits", "there" if found["digits"] else "not there"))
    return [*rows, ("current folder", place(found["here"]))]


def place(folder: dict[str, Any]) -> str:
    writable = "" if folder["writable"] else ", cannot be written"
    return f"{folder['path']}{writable}, {size(folder['disk_free'])} of disk free"


def closing(found: dict[str, Any]) -> str:
    if not found["works"]:
        return "untrain does not work here before what is told above is mended."
    if any(one["level"] == "part" for one in found["troubles"]):
        return "untrain works here, but for what is to mend."
    return "Everything is there."


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GB"
