"""How it was made: defaults marked, commands told once, and logs with holes."""

from __future__ import annotations

from typing import Any

import pytest
from by_hand import RETRAINS, answered, asked, retrains, row, run, sheet, table

from untrain.bench.job import Result
from untrain.report.content import Answer, Facts, Sheet
from untrain.report.sections.setup import SECTION

FIELDS = {"lr": {"default": 0.01, "text": "Learning rate."}, "tau": {"default": 0.5, "text": ""}}
HASH = "a" * 64


def made(label: str, seed: int = 0, **about: Any) -> Result:
    whole = {
        "command": f"untrain unlearn {label}",
        "config": {"method": {"name": label, "lr": 0.1, "tau": 0.5}, "terms": [], "forget": "x"},
        "split": {"forget": {"images": 500, "keys": HASH}},
        "requests": [{"rule": "random:0.1", "images": 500, "keys": HASH}],
        "checkpoints": {"parent": "b" * 64, "child": "c" * 64},
        "time": {"started": "2026-01-01T10:00:00Z", "ended": "2026-01-01T11:30:00Z"},
    }
    return run(label, RETRAINS[seed], seed, about=whole | about)


def facts(answer: Answer, key: str) -> Facts:
    return next(part for part in answer.parts if isinstance(part, Facts) and part.key == key)


def log(answer: Answer) -> Sheet:
    return next(p for p in answer.parts if isinstance(p, Sheet) and p.key == "setup-log")


def test_what_is_not_the_default_comes_first_and_is_marked() -> None:
    said = answered(SECTION, table([made("ft", fields=FIELDS)]))
    own = facts(said, "setup-settings-all")
    assert own.title == "All settings of each model (●: not the default)"
    assert own.pairs == [("FT", "lr 0.1 ●, tau 0.5")]
    assert facts(said, "setup-meaning").pairs == [("lr", "Learning rate. Default 0.01.")]
    assert sheet(said).rows[0][2].text == "lr 0.1"
    assert not sheet(said).notes


def test_without_defaults_what_differs_between_rows_is_marked() -> None:
    other = {"method": {"name": "not", "lr": 0.1, "tau": 0.9, "tensors": ""}, "terms": []}
    said = answered(SECTION, table([made("ft")], [made("not", config=other)]))
    settings = dict(facts(said, "setup-settings-all").pairs)
    assert settings["FT"] == "tau 0.5 ●, lr 0.1"
    assert 'tensors ""' in settings["NoT"]
    assert "defaults are not recorded" in sheet(said).notes[0]


def test_fields_of_terms_carry_their_name() -> None:
    config = {"method": {"name": "ft", "lr": 0.1}, "terms": [{"name": "contrastive", "lam": 0.3}]}
    fields = {"lr": {"default": 0.1, "text": ""}, "contrastive.lam": {"default": 1.0, "text": ""}}
    said = answered(SECTION, table([made("ft", config=config, fields=fields)]))
    assert sheet(said).rows[0][2].text == "contrastive.lam 0.3"


def test_commands_are_told_once() -> None:
    shared = [made(one, command="untrain bench run it") for one in ("ft", "coun", "not")]
    pairs = facts(answered(SECTION, table(shared, [made("scrub")])), "setup-commands").pairs
    assert pairs == [
        ("this page", "untrain report it"),
        ("the runs and 3 more", "untrain bench run it"),
        ("SCRUB", "untrain unlearn scrub"),
    ]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("untrain unlearn scrub", True),
        ("untrain demo --out demo", True),
        ("untrain report --data-root DATA --out laptop", False),
        ("benchmarks/laptop.py --seed 0", False),
        ("untrain", False),
    ],
)
def test_only_commands_that_make_runs_are_told(command: str, told: bool) -> None:
    said = answered(SECTION, table([made("scrub", command=command)]))
    assert (command in dict(facts(said, "setup-commands").pairs).values()) == told


def test_places_that_the_reader_fills_in_are_said_to_be_such() -> None:
    command = "untrain unlearn ft --data-root /home/ada/data"
    said = facts(answered(SECTION, table([made("ft", command=command)])), "setup-commands")
    assert said.title == "Commands that make this again (DATA: places of your own)"


def test_a_list_of_images_is_told_by_the_name_of_its_file() -> None:
    rule = f"ids:/home/ada/lists/sha256:{HASH}.txt"
    asked = [{"rule": rule, "images": 5, "keys": HASH}]
    pairs = dict(facts(answered(SECTION, table([made("ft", requests=asked)])), "setup-data").pairs)
    assert pairs["request 1"].startswith(f"ids:sha256:{HASH[:8]}….txt: 5 images")


def test_no_place_of_a_machine_and_no_person_is_told() -> None:
    command = "untrain unlearn ft --data-root /home/ada/data --forget where:user=ada"
    asked = [{"rule": "where:user=ada", "images": 5, "keys": HASH}]
    said = answered(SECTION, table([made("ft", command=command, requests=asked)]))
    told = str([part for part in said.parts if isinstance(part, Facts)])
    assert "--data-root DATA" in told
    assert "ada" not in told


def test_the_log_opens_to_runs_and_tells_hashes() -> None:
    said = answered(SECTION, table([made("ft", seed) for seed in range(3)]))
    found = log(said)
    cells = [mark.text for mark in found.rows[0]]
    assert cells[:4] == ["FT (3 runs)", "2026-01-01 10:00", "2026-01-01 11:30", "30.0"]
    assert cells[6] == "a" * 12
    assert [line[0].text for line in found.opened[0]] == ["seed 0", "seed 1", "seed 2"]
    assert found.opened[0][0][4].hint == "b" * 64
    assert said.sentence == (
        "3 runs of one model with 3 seeds, on cpu, by untrain 0.1.0, 2026-01-01."
    )


def test_records_with_holes_are_told_as_such() -> None:
    torn = {"time": {"started": "yesterday"}, "checkpoints": {}, "split": None, "config": None}
    said = answered(SECTION, table([made("ft", **torn)], row("not", 1, 1)))
    assert [mark.text for mark in log(said).rows[0]][1:3] == ["-", "-"]
    assert said.parts


def test_what_runs_do_not_share_is_told() -> None:
    place = {"device": "cuda", "commit": "0" * 40, "threads": 1, "untrain": "0.1.0"}
    said = answered(SECTION, table(retrains(), [made("ft", environment=place)]))
    assert "They do not share everything" in said.sentence
    pairs = dict(facts(said, "setup-environment").pairs)
    assert pairs["device"] == "cpu (3 runs), cuda (1 run)"
    assert "seconds do not compare" in pairs["not shared"]
    assert "FT (seed 0)" in str(facts(said, "setup-environment").pairs)


def test_choices_that_looked_at_forgotten_images_are_in_the_log() -> None:
    said = answered(SECTION, table([made("ft", choice={"by": "early", "candidates": 4})]))
    assert log(said).rows[0][7].text == "early: 4 looks"


def test_nothing_finished() -> None:
    from untrain.bench.numbers.statistics import Lack

    assert asked(SECTION, table([], lacks=[Lack(made("ft").cell)])) is None
