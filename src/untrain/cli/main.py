"""`untrain VERB ...`: finds the verb, turns errors into exit codes. Imports nothing heavy."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from importlib import import_module
from keyword import iskeyword

from untrain.errors import CLOSED, INTERRUPTED, UserError, unknown
from untrain.version import __version__

VERBS = {
    "demo": "train, unlearn and measure on embedded digits, in under a minute",
    "inspect": "what was understood of your images, before anything trains",
    "train": "train a model; with --forget, Retrain: without the forgotten images",
    "import": "make a run of weights that were trained elsewhere",
    "plan": "what a request costs, and what an audit of it could see",
    "unlearn": "remove the influence of images from a trained model",
    "tune": "choose a method's settings without Retrain",
    "audit": "the table: how close each model is to Retrain",
    "bench": "whole tables of many runs from one study file, with nothing computed twice",
    "report": "one offline page that answers: who is closest, at what cost, is it gone",
    "dash": "the same pages live, while runs are being made",
    "traces": "where erased images still are; --purge removes them",
    "export": "the model as transformers, timm or torch loads it, with a model card",
    "list": "methods, models, terms, data sets or recipes",
    "doctor": "what this machine has, and what is missing for what",
}

TELLING = ("audit", "inspect", "list", "plan", "traces")
"""Verbs whose work is done when nobody reads on."""

HELP = rf"""untrain {__version__}: remove chosen training images from a trained classifier,
and measure how close the result is to a model that never saw them.

usage: untrain VERB ...       untrain VERB --help for the flags of a verb

{chr(10).join(f"  {verb:<9}{text}" for verb, text in VERBS.items())}

First steps:
  untrain demo
  untrain train --out runs/original
  untrain unlearn coun --original runs/original --forget class:8 --epochs 10 --batch 64 --lr 0.2 \
    --out runs/coun
  untrain train --forget class:8 --out runs/retrain
  untrain audit runs/original runs/coun --retrain runs/retrain
  untrain doctor

Exit codes: 0 done, 1 a bug, 2 bad input, 3 missing or refused resource, 4 finished but a gate
was not met, 130 interrupted, 141 the reader of the output has gone. --debug shows the traceback
of any error.
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    args = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in args
    args = [arg for arg in args if arg != "--debug"]
    # OpenMP's threads spin while they wait: beside other work several times slower than one thread.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    try:
        if not args or args[0] in ("-h", "--help", "help", "-V", "--version"):
            print(__version__ if args and args[0] in ("-V", "--version") else HELP, flush=True)
            return 0
        if args[0].startswith("-"):
            fix = "It comes first: untrain VERB --flag value ... See: untrain --help"
            raise UserError("The verb is missing.", f"untrain {args[0]}", fix)
        if args[0] not in VERBS:
            raise unknown("verb", args[0], VERBS, "See: untrain --help")
        module = f"{args[0]}_" if iskeyword(args[0]) else args[0]
        return int(import_module(f"untrain.cli.{module}").run(args[1:]))
    except UserError as error:
        if debug:
            raise
        print(f"error: {error}", file=sys.stderr)
        return error.code
    except BrokenPipeError:  # the reader of a pipe has gone, as in `untrain list data | head`
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115
        told = not args or args[0] in TELLING or args[0].startswith("-")
        return 0 if told and "--gate" not in args else CLOSED
    except KeyboardInterrupt:
        print("\nInterrupted. To go on where it stopped:", file=sys.stderr)
        print(f"  {shlex.join(['untrain', *args])}", file=sys.stderr)
        if argv is None:  # the process ends; another Ctrl-C has nothing left to stop
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        return INTERRUPTED
    except SystemExit as stop:  # tyro's own usage errors
        return int(stop.code or 0)
