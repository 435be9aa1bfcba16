"""What every word of `untrain bench` takes: a study, its size, and where its runs are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from untrain.cli.compose import flagged, parse
from untrain.config import path_of
from untrain.errors import Problems, UserError

if TYPE_CHECKING:
    from untrain.bench.making.order import Order

USUAL = "runs/bench"
"""Where runs of studies are kept unless another store is named."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which study, and where its runs are."""

    study: str = ""
    """A study that comes with untrain (untrain bench list), or a TOML file. May stand without its
    flag: untrain bench run coun-table2."""
    store: str = USUAL
    """Folder of the runs, shared by all studies; several processes and machines may use it."""
    size: str = "laptop"
    """The study's size: laptop (minutes to hours on two cores) or paper."""
    only: tuple[str, ...] = ()
    """Take these rows alone, by method or label, with commas between: ft,coun or
    neggrad-plus+contrastive; may be given several times."""
    data_root: str = ""
    """Folder with local copies of the data."""

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows that --only names."""
        return tuple(name.strip() for word in self.only for name in word.split(",") if name.strip())

    def order(self, **more: Any) -> Order:
        """What processes need to know. Raises UserError if no study is named."""
        from untrain.bench.making.order import Order

        if not self.study.strip():
            fix = "Name one: untrain bench run coun-table2. See: untrain bench list"
            raise UserError("The study is missing.", "untrain bench", fix)
        given: dict[str, Any] = {"study": self.study, "size": self.size, "only": self.rows}
        given |= {"store": path_of(self.store), "data_root": self.data_root}
        return Order(**given | more)


def parsed(
    args: list[str], word: str, about: str, problems: Problems, *switches: str, **parts: type[Any]
) -> Any:
    """Flags of a word: `asked`, and those of the given parts by name.

    switches: flags that take no value, so that the study may stand behind them.
    """
    off = [f"--no-{switch.removeprefix('--')}" for switch in switches]
    return parse(
        flagged(args, "--study", *switches, *off),
        {"asked": Asked, **parts},
        problems,
        prog=f"untrain bench {word}",
        about=about,
    )
