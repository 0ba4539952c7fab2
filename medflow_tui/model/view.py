"""What a viewer chose to see, as it is kept between two sessions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptView:
    """Filters of the rows (`words`, `problems`), of the log (`level`, `include`, `exclude`), and where one was.

    `pane` and `maximised` are names of panes, empty when nothing was chosen; `level` is a level's word.
    """

    words: str = ""
    problems: bool = False
    pane: str = ""
    maximised: str = ""
    target: str = ""
    level: str = ""
    include: str = ""
    exclude: str = ""
