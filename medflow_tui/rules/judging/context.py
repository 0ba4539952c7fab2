"""What a rule may look at besides the reading it judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from medflow_tui.model.health import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The moment, and the newest reading of every other target by its name (dependencies are judged by it)."""

    now: datetime
    readings: Mapping[str, Reading] = field(default_factory=lambda: MappingProxyType({}))
