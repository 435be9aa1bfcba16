"""What tests of several rooms import: synthetic outputs, and the slow second implementations."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent / "membership"))
