"""Commands are told without places and names, however they were typed; the rest stays."""

from __future__ import annotations

import shlex

import pytest

from untrain.bench.kept.retold import placeless, retold
from untrain.data.sets.hidden import hidden

MINE = "where:user=Ada Smith|Bob"
LIST = "ids:/home/ada/bob.txt"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--data-root", "/mnt/images", "--lr", "0.1"], ["--data-root", "DATA", "--lr", "0.1"]),
        (["--data-root=/mnt/images"], ["--data-root=DATA"]),
        (["--store", "here", "coun"], ["--store", "STORE", "coun"]),
        (["--out", "/home/ada/my runs/coun"], ["--out", "coun"]),
        (["--out=/home/ada/my runs/coun"], ["--out=coun"]),
        (["-o", "~/page.html"], ["-o", "page.html"]),
        (["--out", "runs/coun", "--lr", "-0.1"], ["--out", "runs/coun", "--lr", "-0.1"]),
        (["--original", "../../ada/original"], ["--original", "original"]),
        (["--data", "folder:/home/ada/my images"], ["--data", "folder:my images"]),
        (["--data=folder:~/x"], ["--data=folder:x"]),
        (["--data", "python:/home/ada/x.py:f"], ["--data", "python:x.py:f"]),
        (["--model", "hf:google/vit"], ["--model", "hf:google/vit"]),
        (["--forget", "random:0.1", "class:3"], ["--forget", "random:0.1", "class:3"]),
        (["--forget", MINE], ["--forget", hidden(MINE)]),
        (["--forget", "class:1", MINE], ["--forget", "class:1", hidden(MINE)]),
        ([f"--forget={MINE}"], [f"--forget={hidden(MINE)}"]),
        (["--unseen", MINE], ["--unseen", hidden(MINE)]),
        (["--forget", LIST], ["--forget", hidden("ids:bob.txt")]),
        ([f"--forget={LIST}"], [f"--forget={hidden('ids:bob.txt')}"]),
    ],
)
def test_words_of_a_command(words: list[str], told: list[str]) -> None:
    assert retold(shlex.join(["untrain", "train", *words])) == shlex.join(
        ["untrain", "train", *told]
    )


def test_a_command_that_cannot_be_taken_apart_is_not_told() -> None:
    assert retold("untrain train --forget 'where:user=Ada") == ""


@pytest.mark.parametrize(
    "text", ["digits", "folder:data/images", "https://example.org/x", "class:a/b", "a note: /x", ""]
)
def test_what_is_of_no_machine_stays(text: str) -> None:
    assert placeless(text) == text
