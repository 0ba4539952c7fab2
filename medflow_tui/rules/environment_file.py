"""The secrets in an environment file, by which MedFlow signs log-ins: found, judged, and put anew; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

SECRETS = ("JWT_SECRET", "REFRESH_TOKEN_SECRET")
SHORTEST = 32
FORBIDDEN = ("default", "password", "example", "secret", "change", "your", "test", "demo", "admin")
"""Words for which MedFlow does not start; some more than it is known to refuse do no harm."""
_LINE = r"^(?P<before>[ \t]*(?:export[ \t]+)?{name}[ \t]*=[ \t]*)(?P<value>[^\r\n]*)"


class UnfitFileError(Exception):
    """A secret is not there, or there twice; the argument is its name."""


def secrets_in(text: str) -> dict[str, str]:
    """The secrets as the file has them, without quotes. Raises UnfitFileError.

    >>> secrets_in("JWT_SECRET='a'\\nREFRESH_TOKEN_SECRET=b # of 2026\\n")
    {'JWT_SECRET': 'a', 'REFRESH_TOKEN_SECRET': 'b'}
    """
    return {name: _bare(_only(name, text)["value"]) for name in SECRETS}


def renewed(text: str, fresh: Mapping[str, str]) -> str:
    """The same file with other secrets; nothing else of it is changed. Raises UnfitFileError."""
    for name in SECRETS:
        found = _only(name, text)
        text = f"{text[: found.start()]}{found['before']}{fresh[name]}{text[found.end() :]}"
    return text


def without_secrets(text: str) -> str:
    """The file with its secrets taken out: two of them are the same when nothing else was changed. Raises UnfitFileError."""
    return renewed(text, dict.fromkeys(SECRETS, ""))


def is_fit(secret: str, *others: str) -> bool:
    """Whether MedFlow starts with it.

    >>> is_fit("k" * 32), is_fit("k" * 31), is_fit("My-Example-" + "k" * 32), is_fit("k" * 32, "k" * 32)
    (True, False, False, False)
    """
    small = secret.lower()
    return len(secret) >= SHORTEST and secret not in others and not any(word in small for word in FORBIDDEN)


def _only(name: str, text: str) -> re.Match[str]:
    found = list(re.finditer(_LINE.format(name=name), text, re.MULTILINE))
    if len(found) != 1 or not _bare(found[0]["value"]):
        raise UnfitFileError(name)
    return found[0]


def _bare(value: str) -> str:
    """As dotenv reads it: in quotes, or up to a comment."""
    value = value.strip()
    if value[:1] in ("'", '"', "`"):
        return value[1:].partition(value[0])[0]
    return value.partition("#")[0].strip()
