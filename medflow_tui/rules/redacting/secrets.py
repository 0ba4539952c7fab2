"""Secrets that are recognised by their own form: connection strings, tokens, hashes, long random text."""

from __future__ import annotations

import itertools
import re

from medflow_tui.rules.redacting.words import ID, ORDINARY, SECRET, TOKEN

# The password of a database URL may hold a slash that should have been encoded; that of a web page may not.
_CONNECTION = re.compile(
    r"((?:mongodb(?:\+srv)?|rediss?|postgres(?:ql)?|amqps?|mysql|mssql|smb|ftp)://)[^\s/\"'<>@]*:[^\s\"'<>]*@"
    r"|((?<![\w+.-])\w[\w+.-]*+://)[^\s/\"'<>@]*:[^\s/\"'<>]*@",
    re.IGNORECASE,
)
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?")
_SCHEME = re.compile(r"\b(Bearer|Basic)(\s+|%20)(?!\[)([\w.~+/=%-]{6,})", re.IGNORECASE)
_ONE_TIME = re.compile(
    r"(\b(?:2fa|otp|totp|verification|backup|v[ée]rification)(?: code)?\b[ :=]{1,3}|\bcode(?: 2fa)? (?:is|est|:) )(\d{4,10})\b",
    re.IGNORECASE,
)
_CRYPT = re.compile(
    r"\$(?:2[abxy]?\$\d\d\$[./A-Za-z0-9]{20,}|(?:argon2\w*|scrypt|pbkdf2[\w-]*|[156])\$[^\s\"',]{16,})"
)
_OPTION = re.compile(
    r"((?:--?(?:pass(?:word|phrase)?|token|secret|api-?key|auth)|requirepass|masterauth|redis-cli\b[^|;]*? -a)[ =]+[\"']?)"
    r"(?!\[)([^\s\"']+)",
    re.IGNORECASE,
)
OPTION_MARKS = ("-pass", "-token", "-secret", "-api", "-auth", "requirepass", "masterauth", "redis-cli")
_LONG = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9][A-Za-z0-9+/_=-]{23,}")
_HEX = re.compile(r"[0-9a-fA-F]+\Z")
_KEPT_OWNER = re.compile(r"(?:device|clinic|appareil)\w*[\"'\\ :=/#(]{0,6}\Z", re.IGNORECASE)
_RUNS = re.compile(r"[A-Za-z0-9]+")


def hide_connections(text: str) -> str:
    """User and password of a URL; scheme, host, port and database stay.

    >>> hide_connections("mongodb://admin:s3cret@127.0.0.1:27017/medflow")
    'mongodb://[secret]@127.0.0.1:27017/medflow'
    """
    return _CONNECTION.sub(lambda found: (found[1] or found[2]) + SECRET + "@", text)


def hide_tokens(text: str) -> str:
    """JWT and what follows Bearer or Basic."""
    if "eyJ" in text:
        text = _JWT.sub(TOKEN, text)
    return _SCHEME.sub(_scheme, text)


def _scheme(found: re.Match[str]) -> str:
    value = found[3]
    random = any(each.isdigit() for each in value) or (len(value) >= 16 and value != value.lower())
    if value.lower() in ORDINARY or not random:
        return found[0]
    return found[1] + found[2] + TOKEN


def hide_codes(text: str) -> str:
    """Codes of two-factor log-in."""
    return _ONE_TIME.sub(lambda found: found[1] + TOKEN, text)


def hide_hashes(text: str) -> str:
    """bcrypt and its relatives."""
    return _CRYPT.sub(SECRET, text)


def hide_options(text: str) -> str:
    """Passwords on a command line."""
    return _OPTION.sub(lambda found: found[0] if found[2].lower() in ORDINARY else found[1] + SECRET, text)


def hide_long(text: str) -> str:
    """ObjectIds (unless they are a device's or a clinic's), long hexadecimal and base64; paths and names of files stay.

    >>> hide_long("device 69707e02aa11bb22cc33dd44, patient 69707e02aa11bb22cc33dd45")
    'device 69707e02aa11bb22cc33dd44, patient [id]'
    """
    return _LONG.sub(_long, text)


def _long(found: re.Match[str]) -> str:
    value = found[0]
    if _HEX.match(value):
        if len(value) == 24:
            before = found.string[max(0, found.start() - 28) : found.start()]
            return value if _KEPT_OWNER.search(before) else ID
        return SECRET if len(value) >= 32 else value
    pieces = []
    done = 0
    for run in _RUNS.finditer(value):
        if len(run[0]) == 24 and _HEX.match(run[0]):
            before = found.string[max(0, found.start() + run.start() - 28) : found.start() + run.start()]
            hidden = "" if _KEPT_OWNER.search(before) else ID
        else:
            hidden = SECRET if _is_random(run[0]) else ""
        if hidden == SECRET and not _looks_like_path(value):
            return SECRET
        if hidden:
            pieces += [value[done : run.start()], hidden]
            done = run.end()
    return "".join((*pieces, value[done:])) if pieces else value


def _is_random(run: str) -> bool:
    """A run of letters and digits that nobody wrote by hand: long, with digits between small and capital letters."""
    if len(run) < 20 or run.isdigit():
        return False
    if len(run) >= 32 and _HEX.match(run):
        return True
    digits = sum(each.isdigit() for each in run)
    lower, upper = any(each.islower() for each in run), any(each.isupper() for each in run)
    if lower and upper:
        return digits >= 2 and _changes(run) >= len(run) // 3
    return len(run) >= 32 and digits >= 5 and _changes(run) >= len(run) // 4


def _changes(run: str) -> int:
    """How often small letters, capitals and digits give way to each other."""
    kinds = ["d" if each.isdigit() else "u" if each.isupper() else "l" for each in run]
    return sum(first != second for first, second in itertools.pairwise(kinds))


def _looks_like_path(value: str) -> bool:
    """Many separators for its length: a path or a name with hyphens, not base64."""
    return sum(value.count(each) for each in "/_-") > 1 + len(value) // 12
