"""`untrain dash RESULTS`: the list of runs and their reports, live in a browser on this machine."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from untrain.cli.page_file import installed
from untrain.errors import UserError
from untrain.progress import say


@dataclass(frozen=True, kw_only=True)
class DashOptions:
    """Serves on 127.0.0.1 alone, and reads only. Ctrl-C ends it."""

    results: Path
    """A store, a folder of runs, or a folder with any of them below it."""
    port: int = 0
    """Port; 0 is any that is free."""
    open: bool = True
    """Open the browser."""


def run(args: list[str]) -> int:
    import tyro

    if not args:
        fix = "Name a store or a folder of runs: untrain dash runs/bench"
        raise UserError("No folder of results is named.", "untrain dash", fix)
    options = tyro.cli(
        DashOptions,
        args=args,
        prog="untrain dash",
        description=__doc__,
        config=(tyro.conf.PositionalRequiredArgs,),
    )
    check(options)
    from untrain.dash.server import Server

    with Server(options.results, options.port) as server:
        print(f"{options.results}: {server.url}", flush=True)
        say("Ctrl-C ends it.")
        if options.open and graphical():
            import webbrowser

            threading.Thread(target=webbrowser.open, args=(server.url,), daemon=True).start()
        try:
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            say("\nStopped. Nothing was written.")
    return 0


def check(options: DashOptions) -> None:
    """Raises UserError with what is wrong with the flags, or missing for the pages."""
    if not options.results.is_dir():
        kind = "a file, not a folder" if options.results.exists() else "no folder"
        fix = "Name a store, as runs/bench, or a folder of runs."
        raise UserError(f"{options.results} is {kind}.", "RESULTS", fix)
    if not 0 <= options.port < 1 << 16:
        raise UserError(
            f"--port {options.port} is no port.", "--port", "Take one from 1024 on, or 0."
        )
    installed("untrain dash")


def graphical() -> bool:
    """Whether a browser has somewhere to open: none in a terminal, which it would take."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True
