"""What a test or a condition has found: numbers, the goal beside them, and a plain sentence."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

State = Literal["pass", "fail", "open", "off"]
"""pass: shown to lie within its margin. fail: shown to lie outside. open: neither was shown.
off: does not apply, for the reason in the sentence."""
Side = Literal["residual", "over", ""]
"""residual: something is left of the forgotten images. over: they stand out by being too
unknown."""
NAN = math.nan
SHARE = (0.0, 1.0)
RANGES = {
    **dict.fromkeys(("level", "shape", "attacks", "records", "destination", "references"), SHARE),
    **dict.fromkeys(("healing", "control"), (-1.0, 1.0)),
    "relearning": (0.0, math.inf),
}
"""What a statistic can be."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One test of one model.

    value, low, high: the statistic with its 95 % interval. target: what a model that never saw
    the images gives. margin: how far from it the 90 % interval may reach. p: of the target being
    true. sees: the smallest departure from the target that it would have noticed with 90 %
    probability. beside: the same number for other models, and chance.
    """

    key: str
    title: str
    definition: str
    sentence: str
    state: State
    side: Side = ""
    value: float = NAN
    low: float = NAN
    high: float = NAN
    target: float = NAN
    margin: float = NAN
    p: float = NAN
    sees: float = NAN
    beside: dict[str, float] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """No interval reaches beyond what the statistic can be."""
        bottom, top = RANGES.get(self.key, (-math.inf, math.inf))
        object.__setattr__(self, "low", max(self.low, bottom))
        object.__setattr__(self, "high", min(self.high, top))

    def plain(self) -> dict[str, Any]:
        """For JSON: what is not a number is null."""
        content: dict[str, Any] = plain(asdict(self))
        return content


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What must hold for the tests to mean anything. met: None where it could not be looked at."""

    key: str
    title: str
    met: bool | None
    sentence: str
    more: dict[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        content: dict[str, Any] = plain(asdict(self))
        return content


def plain(value: Any) -> Any:
    """The same with Python numbers, rounded, and null for what is not finite."""
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, bool | str | None):
        return value
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, int):
        return value
    return round(float(value), 6) if math.isfinite(value) else None


def off(key: str, title: str, definition: str, why: str) -> Finding:
    """A test that does not apply."""
    return Finding(key=key, title=title, definition=definition, sentence=why, state="off")
