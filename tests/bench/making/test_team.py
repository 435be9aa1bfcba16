"""Several processes on one study: they share the work, and none is left behind."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from tests.bench.conftest import DEVICE, trained
from tests.bench.making.test_work import contents, order_of

from untrain.bench.kept.store import Store
from untrain.bench.making.beat import Heart
from untrain.bench.making.team import Team, concluded
from untrain.errors import DiskError, UserError


def test_two_processes_never_train_the_same_run(
    study: Path, finished: Path, tmp_path: Path
) -> None:
    store = Store(tmp_path / "store")
    Team(order_of(study, store), DEVICE, 2).run(lambda: None)
    assert sorted(trained(store)) == sorted(set(trained(store)))
    assert contents(store) == contents(Store(finished))


def test_no_process_is_left_behind(study: Path, finished: Path) -> None:
    Team(order_of(study, Store(finished)), DEVICE, 2).run(lambda: None)
    assert not [p for p in multiprocessing.active_children() if p.is_alive()]
    assert not list((finished / "workers").glob("*.json"))


@pytest.mark.parametrize(
    ("codes", "raised"),
    [
        ([0, 130], None),
        ([3, 0], None),
        ([130, 130], KeyboardInterrupt),
        ([3, 130], DiskError),
        ([2, 130], UserError),
    ],
)
def test_what_the_exit_codes_of_a_team_come_to(
    study: Path, finished: Path, codes: list[int], raised: type[BaseException] | None
) -> None:
    order = order_of(study, Store(finished))
    if raised is None:
        concluded(codes, order)
    else:
        with pytest.raises(raised):
            concluded(codes, order)


def test_processes_that_cannot_go_on_are_not_replaced(study: Path, copied: Store) -> None:
    (copied.root / "store.json").write_text('{"schema": 99}')
    with pytest.raises(UserError, match="could not go on"):
        Team(order_of(study, copied), DEVICE, 1).run(lambda: None)


def test_a_worker_whose_parent_is_gone_leaves_its_run(tmp_path: Path) -> None:
    heart = Heart(tmp_path, led=True)
    assert not heart.orphan  # nobody has started this process through multiprocessing

    class Gone:
        def is_alive(self) -> bool:
            return False

    heart.parent = Gone()  # type: ignore[assignment]
    assert heart.orphan
