"""Agreement over the phone: a challenge that stands for one plan, and the answer that only one key can give to it.

The answer is made over all that was read out, so that whoever was told something else gives another one. After RFC 6287
(OCRA), with HMAC-SHA256; time counts where the challenge is shown, so that two clocks need not agree.
"""

from __future__ import annotations

import hashlib
import hmac
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from medflow_tui.model.canonical import Fact, canonical
from medflow_tui.model.health import EPOCH

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 O, 1 I L, U (heard as O or V)
LENGTH = 8
WINDOW = timedelta(minutes=10)
MOST_WRONG = 3
LOCKED_FOR = timedelta(minutes=10)
_CHALLENGE, _ANSWER, _SITE = "medflow-challenge-v1", "medflow-answer-v1", "medflow-approver-v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """All that is read out: what is agreed to. `size` are the numbers of the playbook's own sentence about its reach."""

    site: str
    playbook: str
    playbook_sha256: str
    challenge: str
    size: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One answer that was typed."""

    at: datetime
    is_right: bool


def site_key(own_key: bytes, site: str) -> bytes:
    """What a site is given of a person's key: it proves answers for that site only, and does not tell the key."""
    return hmac.digest(own_key, f"{_SITE}\n{site}".encode(), "sha256")


def window_at(now: datetime) -> int:
    """Number of the ten minutes in which a challenge is shown."""
    return int(now.timestamp() // WINDOW.total_seconds())


def window_ends(window: int) -> datetime:
    """Until when the answer to a challenge is taken: to the end of the window after its own."""
    return datetime.fromtimestamp((window + 2) * WINDOW.total_seconds(), UTC)


def challenge(plan_hash: str, run: str, window: int) -> str:
    """What the requester reads out.

    >>> len(challenge("7f3a", "20261128-010203-restore-00ff", 1)) == LENGTH
    True
    """
    return _letters(hashlib.sha256(canonical([_CHALLENGE, plan_hash, run, window]).encode()).digest())


def answer(key: bytes, spoken: Spoken) -> str:
    """What the holder of a site key reads back."""
    told = [
        _ANSWER,
        plain(spoken.site),
        spoken.playbook,
        spoken.playbook_sha256,
        plain(spoken.challenge),
        {name: heard(value) for name, value in spoken.size.items()},
    ]
    return _letters(hmac.digest(key, canonical(told).encode(), "sha256"))


def is_right(key: bytes, spoken: Spoken, typed: str) -> bool:
    """In the same time whatever was typed."""
    return hmac.compare_digest(answer(key, spoken).encode(), plain(typed).encode())


def plain(text: str) -> str:
    """A code as it was meant, however it was typed.

    >>> plain(" k7qm-3xrt ")
    'K7QM3XRT'
    """
    return "".join(each for each in text.upper() if each.isalnum())


def shown(code: str) -> str:
    """A code in two parts, as people read it out.

    >>> shown("K7QM3XRT")
    'K7QM-3XRT'
    """
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}" if code else ""


def heard(value: str) -> str:
    """A number or a word as one hears it: `1 240` and `1240` are the same.

    >>> heard("1 240")
    '1240'
    """
    return "".join(value.split()).casefold()


def size_of(text: str, facts: Mapping[str, Fact]) -> dict[str, str]:
    """What a sentence about the reach names, with its values; a name without a value has none.

    >>> size_of("{waiting:number} waiting", {"waiting": 6, "failed": 1})
    {'waiting': '6'}
    """
    names = dict.fromkeys(name for _, name, _, _ in string.Formatter().parse(text) if name)
    return {name: _told(facts.get(name, "")) for name in names}


def locked_until(tries: Iterable[Try]) -> datetime:
    """Until when no answer is taken, after three wrong ones in a row; EPOCH when it is."""
    wrong, until = 0, EPOCH
    for each in tries:
        if each.at < until:
            continue
        wrong = 0 if each.is_right else wrong + 1
        if wrong == MOST_WRONG:
            wrong, until = 0, each.at + LOCKED_FOR
    return until


def is_locked(tries: Iterable[Try], now: datetime) -> bool:
    """A clock that was set back does not lock for longer than the ten minutes."""
    return timedelta() < locked_until(tries) - now <= LOCKED_FOR


def _told(value: Fact) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _letters(digest: bytes) -> str:
    number, found = int.from_bytes(digest, "big"), ""
    for _ in range(LENGTH):
        number, place = divmod(number, len(ALPHABET))
        found += ALPHABET[place]
    return found
