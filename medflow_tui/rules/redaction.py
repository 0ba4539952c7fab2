"""Personal data and secrets out of a line, with the line still useful: routes, errors, addresses, times and codes stay."""

from __future__ import annotations

import re
from urllib.parse import unquote

from medflow_tui.rules.redacting import fields, paths, people, rows, secrets

WITHHELD = "[secret]"
PASSES = (
    6  # what was hidden can uncover what stood too close to it; nearly every line is done after one or two
)
_EXPLODED = re.compile(r"(?:\"\d+\":\"(?:[^\"\\]|\\u[0-9a-fA-F]{4}|\\.)\",?){4,}")
_PIECE = re.compile(r"\"(\d+)\":\"(\\u[0-9a-fA-F]{4}|\\.|[^\"\\])\"")
_ENCODED = re.compile(r"[^\s\"'`<>]*%[0-9A-Fa-f]{2}[^\s\"'`<>]*")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_DIGITS = re.compile(r"\d{4}|\d[ .-]\d")
_LONG_RUN = re.compile(r"[A-Za-z0-9+/_=-]{24}")


def redact(text: str) -> str:
    """The text with `[file] [name] [id] [token] [e-mail] [phone] [secret] [search]` where people or secrets were.

    Idempotent; never raises: what cannot be looked through is withheld whole. Give it text without control
    characters (`rules.cleaning.clean`): an escape sequence in the middle of a name would hide the name from it.

    >>> redact("login of marie.kabongo@example.cd from 192.168.4.20: 401")
    'login of [e-mail] from 192.168.4.20: 401'
    """
    try:
        for _ in range(PASSES):
            before, text = text, _redact(text, depth=0)
            if text == before:
                return text
    except Exception:
        return WITHHELD
    return WITHHELD


def _redact(text: str, depth: int) -> str:
    if '":"' in text and _EXPLODED.search(text):
        text = _EXPLODED.sub(lambda found: _rejoined(found[0], depth), text)
    if "\\u" in text:
        text = _ESCAPED.sub(_unescaped, text)
    if "?" in text and "=" in text:
        text = paths.hide_parameters(text)
    if "%" in text and depth < 3:
        text = _ENCODED.sub(lambda found: _decoded(found[0], depth), text)
    if rows.may_have_rows(text):
        text = rows.hide_rows(text)
    text = _hide_secrets(text)
    if ":" in text or "=" in text:
        text = fields.hide_fields(text)
    if "(" in text or "value " in text:
        text = fields.hide_echoes(text)
    return _hide_people(_hide_paths(text))


def _hide_secrets(text: str) -> str:
    if "://" in text and "@" in text:
        text = secrets.hide_connections(text)
    lower = text.lower()
    if "bearer" in lower or "basic" in lower or "eyj" in lower:
        text = secrets.hide_tokens(text)
    if "2fa" in lower or "otp" in lower or "code" in lower:
        text = secrets.hide_codes(text)
    if "$" in text:
        text = secrets.hide_hashes(text)
    if any(each in lower for each in secrets.OPTION_MARKS):
        text = secrets.hide_options(text)
    return text


def _hide_paths(text: str) -> str:
    if "/patient" in text or "/dossier" in text:
        text = paths.hide_patient_urls(text)
    if "/" in text or "\\" in text:
        text = paths.hide_below(text)
    return paths.hide_pictures(text) if "." in text else text


def _hide_people(text: str) -> str:
    if "_" in text or "^" in text or "-" in text:
        text = people.hide_persons(text)
    if "@" in text:
        text = people.hide_emails(text)
    if _DIGITS.search(text):
        text = people.hide_identifiers(people.hide_phones(text))
    if _LONG_RUN.search(text):
        text = secrets.hide_long(text)
    return people.hide_names(text)


def _unescaped(found: re.Match[str]) -> str:
    """A letter that JSON wrote as an escape; signs that mean something to JSON stay escaped."""
    sign = chr(int(found[1], 16))
    return sign if sign.isalnum() else found[0]


def _rejoined(run: str, depth: int) -> str:
    """A string that the logger spread over numeric keys, joined and looked through."""
    pieces = sorted((int(index), sign) for index, sign in _PIECE.findall(run))
    joined = "".join(sign for _, sign in pieces)
    comma = "," if run.endswith(",") else ""
    return f'"{pieces[0][0]}":"{_redact(joined, depth + 1) if depth < 3 else WITHHELD}"{comma}'


def _decoded(word: str, depth: int) -> str:
    """A percent-encoded word as it is, unless decoding shows something to hide."""
    plain = unquote(word, errors="replace")
    hidden = _redact(plain, depth + 1)
    return word if hidden == plain else hidden
