"""What of a log is shown: a level and above, regular expressions in and out, and the way to the next error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from medflow_tui.model.log import Level, LogLine
from medflow_tui.model.words import SILENCE, Phrase, say

LONGEST_PATTERN = 200
_REPEATED_REPEAT = re.compile(r"\([^()]*[+*}][^()]*\)\s*(?:[+*]|\{)")


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Lines of `level` and above that the first expression finds, and the second does not; either may be missing.

    `problem` says why an expression was not taken; the filter then is as if it had not been given.
    """

    level: Level = Level.TRACE
    include: re.Pattern[str] | None = None
    exclude: re.Pattern[str] | None = None
    origin: str = ""
    problem: Phrase = SILENCE

    def shows(self, line: LogLine) -> bool:
        """Whether a line is shown; text, source and origin are searched together."""
        if line.level < self.level or (self.origin and line.origin != self.origin):
            return False
        if self.include is None and self.exclude is None:
            return True
        whole = f"{line.origin} {line.source} {line.text}"
        if self.include is not None and not self.include.search(whole):
            return False
        return self.exclude is None or not self.exclude.search(whole)


def filter_of(
    level: Level = Level.TRACE, include: str = "", exclude: str = "", origin: str = ""
) -> LogFilter:
    """The filter that people typed; small letters find capitals too. A bad expression is a reason, not an exception.

    >>> filter_of(include="[").problem.text
    'not a regular expression: {why}'
    """
    included, first = _compiled(include)
    excluded, second = _compiled(exclude)
    return LogFilter(level=level, include=included, exclude=excluded, origin=origin, problem=first or second)


def _compiled(pattern: str) -> tuple[re.Pattern[str] | None, Phrase]:
    if not pattern:
        return None, SILENCE
    if len(pattern) > LONGEST_PATTERN:
        return None, say("expression longer than {n:number} characters", n=LONGEST_PATTERN)
    if _REPEATED_REPEAT.search(pattern):
        return None, say("a repeat inside a repeat can take for ever")
    try:
        return re.compile(pattern, re.IGNORECASE if pattern == pattern.lower() else 0), SILENCE
    except (re.error, OverflowError, RecursionError) as error:
        return None, say("not a regular expression: {why}", why=str(error))


def shown(lines: Iterable[LogLine], chosen: LogFilter) -> tuple[LogLine, ...]:
    """The lines that the filter lets through, in their order."""
    return tuple(line for line in lines if chosen.shows(line))


def neighbour(lines: Sequence[LogLine], start: int, level: Level, *, forward: bool) -> int | None:
    """The index of the next line (or the one before) of at least `level`, None when there is none; `start` may be -1.

    Lines of a stack trace do not count: the line that they belong to does.
    """
    indices = range(start + 1, len(lines)) if forward else range(min(start, len(lines)) - 1, -1, -1)
    return next((each for each in indices if lines[each].level >= level and not lines[each].continued), None)
