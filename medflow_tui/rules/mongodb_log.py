"""What the log of MongoDB tells before a restart, and after one: pure, and without keeping any of its lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from medflow_tui.model.words import Phrase, say

_TOLD_BY: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "damaged": re.compile(
            r"WT_PANIC|WiredTiger library panic|WT_TRY_SALVAGE|checksum (?:error|mismatch|doesn't match)|"
            r"encountered an illegal file format|corrupt",
            re.IGNORECASE,
        ),
        "disk_full": re.compile(r"No space left on device", re.IGNORECASE),
        "other_version": re.compile(
            r"UPGRADE PROBLEM|Invalid feature ?compatibility ?version|unsupported WiredTiger file version",
            re.IGNORECASE,
        ),
        "port_taken": re.compile(r"Address already in use", re.IGNORECASE),
        "no_right": re.compile(r"Permission denied|Operation not permitted", re.IGNORECASE),
        "no_memory": re.compile(r"Out of memory|cannot allocate memory|std::bad_alloc", re.IGNORECASE),
        "files": re.compile(r"Too many open files", re.IGNORECASE),
    }
)
"""Reasons by what mongod and WiredTiger print for them, the worst first."""
NOT_MENDED = ("damaged", "disk_full", "other_version", "port_taken", "no_right")
"""Reasons that are the same after a restart."""
_WORDS: Mapping[str, Phrase] = MappingProxyType(
    {
        "damaged": say("its log says that data files are damaged: mend nothing, call the database role"),
        "disk_full": say("its log says that the disk is full: make room first"),
        "other_version": say("its log says that the data is of another version of MongoDB: call the vendor"),
        "port_taken": say("its log says that another program has its port"),
        "no_right": say("its log says that it may not use one of its files"),
        "no_memory": say("its log says that memory ran out"),
        "files": say("its log says that it had too many open files"),
    }
)


def reasons(lines: Iterable[str]) -> tuple[str, ...]:
    """Why it fell, as far as these lines tell, the worst first.

    >>> reasons(['{"s":"E","msg":"WiredTiger error","attr":{"message":"No space left on device"}}'])
    ('disk_full',)
    """
    text = "\n".join(_since_start(list(lines)))
    return tuple(name for name, pattern in _TOLD_BY.items() if pattern.search(text))


def _since_start(lines: list[str]) -> list[str]:
    """Those from its last start on (log id 4615611): what was mended long ago is no reason."""
    starts = [place for place, each in enumerate(lines) if "MongoDB starting" in each]
    return lines[starts[-1] :] if starts else lines


def told_reason(name: str) -> Phrase:
    """A reason in words."""
    return _WORDS[name]


def unclean_shutdown(lines: Iterable[str]) -> datetime | None:
    """The moment of the line that tells of an unclean shutdown (log id 22271); nothing else of the log is kept."""
    for line in lines:
        if "unclean shutdown" not in line.lower():
            continue
        try:
            moment = datetime.fromisoformat(json.loads(line)["t"]["$date"])
        except (ValueError, KeyError, TypeError):
            continue
        return moment.astimezone(UTC)
    return None
