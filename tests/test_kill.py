"""Killed at any moment and started again: the bits of a run that nobody disturbed.

The processes are real and die by SIGKILL. A fork server imports torch once for all of them.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shlex
import signal
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

COMMANDS = (
    "train --data folder:{data} --holdout 0.2 --epochs 3 --out {out}/original",
    "unlearn cu --original {out}/original --forget class:3 --epochs 3 --omega 2 --queue 40 "
    "--stop none --out {out}/unlearned",
    "unlearn scrub --original {out}/original --forget class:3 --epochs 2 --ascents 1 "
    "--rewind True --out {out}/scrub",
    "audit {out}/original {out}/unlearned {out}/scrub",
)
"""Data are decoded, a model is trained and unlearned twice, and evidence is collected."""
FAST = "--batch 32 --threads 1 --save-every 0"


def carry_out(data: Path, out: Path, commands: tuple[str, ...] = COMMANDS) -> None:
    """In a process of its own: the commands one after the other, up to the first that fails."""
    from untrain.cli.main import main

    out.mkdir(exist_ok=True)
    os.environ["UNTRAIN_CACHE"] = str(out / "cache")
    with (out / "log.txt").open("a") as log, redirect_stderr(log), redirect_stdout(log):
        for command in commands:
            words = shlex.split(command.format(data=data, out=out))
            flags = {"train": f"{FAST} --width 4", "unlearn": FAST}.get(words[0], "")
            code = main([*words, *shlex.split(flags)])
            if code:
                sys.exit(code)


@pytest.fixture(scope="module")
def server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["untrain.engine.loop", "untrain.cli.audit", "sklearn.svm"])
    return context


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """240 digits as a folder of images."""
    root, digits = tmp_path_factory.mktemp("digits"), load_digits()
    for number, (image, label) in enumerate(
        zip(digits.images[:240], digits.target[:240], strict=True)
    ):
        (root / str(label)).mkdir(exist_ok=True)
        pixels = np.rint(image * (255 / 16)).astype(np.uint8)
        Image.fromarray(pixels).save(root / str(label) / f"{number:03}.png")
    return root


def start(
    server: ForkServerContext, data: Path, out: Path, commands: tuple[str, ...] = COMMANDS
) -> ForkServerProcess:
    process = server.Process(target=carry_out, args=(data, out, commands))
    process.start()
    return process


def finish(process: ForkServerProcess) -> int:
    process.join(120)
    assert process.exitcode is not None, "the process hangs"
    return process.exitcode


def bits(out: Path) -> dict[str, bytes]:
    """Everything that must be equal: weights, sets, evidence. The log differs in its times."""
    kinds = ("model.safetensors", "split.npz", "evidence.npz")
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.name in kinds
    }


def leftovers(out: Path) -> list[Path]:
    return [p for p in out.rglob("*") if p.name.startswith((".draft-", "resume."))]


@pytest.fixture(scope="module")
def undisturbed(
    server: ForkServerContext, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, bytes], float]:
    """The bits of a whole run, and the seconds that it takes."""
    out = tmp_path_factory.mktemp("undisturbed")
    assert finish(start(server, data, out, ())) == 0  # the server itself must be up
    started = time.monotonic()
    assert finish(start(server, data, out)) == 0
    whole = bits(out)
    assert len(whole) == 3 * 3
    return whole, time.monotonic() - started


def reached(out: Path) -> str:
    """What a killed process was doing, as far as its files tell."""
    if not any((out / "cache").glob("folder-*")):
        return "decoding"
    for name in ("original", "unlearned", "scrub"):
        if not (out / name / "run.json").exists():
            drafts = list((out / name).glob(".draft-*"))
            return f"writing {drafts[0].name} of {name}" if drafts else f"in {name}"
    return "measuring"


@pytest.mark.parametrize("kills", [2, pytest.param(30, marks=pytest.mark.slow)])
def test_a_run_killed_at_any_moment_goes_on_to_the_same_bits(
    kills: int,
    server: ForkServerContext,
    data: Path,
    undisturbed: tuple[dict[str, bytes], float],
    tmp_path: Path,
) -> None:
    whole, seconds = undisturbed
    seed = int(os.environ.get("UNTRAIN_KILL_SEED", "0")) or random.SystemRandom().getrandbits(32)
    print(f"UNTRAIN_KILL_SEED={seed}, {seconds:.1f} s undisturbed")
    moments = random.Random(seed)
    for number in range(kills):
        out, moment = tmp_path / str(number), moments.uniform(0, seconds)
        process = start(server, data, out)
        time.sleep(moment)
        process.kill()
        process.join()
        place = f"killed after {moment:.2f} s, {reached(out)}"
        print(place)
        assert finish(start(server, data, out)) == 0, place
        assert bits(out) == whole, place
        assert not leftovers(out), place


TRAIN = COMMANDS[0].replace("--epochs 3", "--epochs 1000")


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"no {path}"
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_saves_and_says_how_to_go_on(
    number: int, server: ForkServerContext, data: Path, tmp_path: Path
) -> None:
    process = start(server, data, tmp_path, (TRAIN,))
    resume = tmp_path / "original" / "resume.safetensors"
    wait_for(resume)
    assert process.pid is not None
    os.kill(process.pid, number)
    assert finish(process) == 130
    log = (tmp_path / "log.txt").read_text()
    assert "stopping after this step" in log
    assert "To go on where it stopped:\n  untrain train --data folder:" in log
    assert resume.exists()
    assert not (tmp_path / "original" / "run.json").exists()


def test_two_processes_at_once_do_no_harm(
    server: ForkServerContext,
    data: Path,
    undisturbed: tuple[dict[str, bytes], float],
    tmp_path: Path,
) -> None:
    """On one cache both work; in one output folder the second is refused, or finds it done."""
    pair = [start(server, data, tmp_path) for _ in range(2)]
    codes = sorted(finish(process) for process in pair)
    assert codes in ([0, 0], [0, 3])
    assert 3 not in codes or "Another process is working in" in (tmp_path / "log.txt").read_text()
    whole, _ = undisturbed
    assert bits(tmp_path) == whole
    assert not leftovers(tmp_path)
