"""A study on Ray: the same store, and the same bits as without it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.bench.conftest import DEVICE
from tests.bench.making.test_work import contents, order_of

from untrain.bench.kept.store import Store
from untrain.bench.making.cluster import ray_package, work_on_ray
from untrain.errors import UserError


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_bits_are_those_of_this_process(study: Path, finished: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    store = Store(tmp_path / "store").open()
    work_on_ray(order_of(study, store), DEVICE, 2, lambda: None)
    assert contents(store) == contents(Store(finished))


def test_ray_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match="Ray cannot be imported") as caught:
        ray_package()
    assert caught.value.code == 3
    assert "untrain[ray]" in caught.value.fix
