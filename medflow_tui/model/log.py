"""Lines of logs as people read them: a level, where they came from, a text, and how often they came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from medflow_tui.model.words import Phrase

LOOK_EVERY_S = 0.49  # with what reading and drawing take, nothing on the screen is older than half a second


class Level(IntEnum):
    """How bad a line is, in order; the value is a rank, `word` what people read and type.

    `http` and `verbose` of the field are both VERBOSE, `silly` is TRACE, `fatal` is CRITICAL.
    """

    TRACE = 0
    DEBUG = 10
    VERBOSE = 20
    INFO = 30
    NOTICE = 40
    WARN = 50
    ERROR = 60
    CRITICAL = 70

    @property
    def word(self) -> str:
        """The level as it is written, lower case."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line, or `count` lines that say the same.

    `at` has a zone; None when the line has no time of its own. `zone_known` is false when the line gave a local
    time without a zone, and the site's was assumed. `origin` is the file's label, `source` the part of the program
    that wrote (FolderSync, redis, http). `code` is the HTTP status of an access line, else 0. `continued` marks
    a line of a stack trace: level and time are those of the line before. `since` is the first of the folded
    ones, `key` what they have in common.
    """

    at: datetime | None
    level: Level
    source: str
    text: str
    zone_known: bool = True
    origin: str = ""
    code: int = 0
    continued: bool = False
    count: int = 1
    since: datetime | None = None
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogNews:
    """What came since the last look, oldest first.

    `dropped` lines came faster than they could be shown, `missed` came during the pause; neither is in `lines`.
    `notices` are sentences about the files themselves (rotated, missing, not readable).
    """

    lines: tuple[LogLine, ...] = ()
    dropped: int = 0
    missed: int = 0
    notices: tuple[Phrase, ...] = ()
