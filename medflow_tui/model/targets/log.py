"""The log of a service as a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from medflow_tui.model.target import LOG, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTarget(Target):
    """`paths` are files, relative ones to the site's folder; `timezone` is that of times written without a zone
    (empty: the site's). Errors are counted over the last `window_s` seconds, by the times in the lines.

    `errors_warning_per_min` is what the field makes when something is broken (14 lines in 5 s when change streams fail)
    with room for the odd error of a calm day. `quiet_warning_s` 0 means that silence is no trouble.
    """

    kind: ClassVar[str] = "log"
    pane: ClassVar[str] = LOG

    paths: tuple[str, ...] = ()
    timezone: str = ""
    contact: str = "database"
    window_s: float = 600.0
    errors_warning_per_min: float = 5.0
    quiet_warning_s: float = 0.0
    read_at_most: int = 262144
