"""Values behind a key whose name says that they are secret or personal: JSON, `key: 'value'`, key=value, headers."""

from __future__ import annotations

import re
from enum import Enum

from medflow_tui.rules.redacting.words import (
    CAPITALISED,
    ID,
    NAME,
    ORDINARY,
    PHONE,
    PLACEHOLDERS,
    SEARCH,
    SECRET,
    TOKEN,
    words_of,
)


class Sort(Enum):
    """What a key promises of its value; the value of the enum is the placeholder and a mark to tell them apart."""

    SECRET = SECRET
    TOKEN = TOKEN
    HEADER = TOKEN + " header"  # a token even when it is short
    COOKIE = TOKEN + " cookie"  # many in one value, up to the end of the line
    NAME = NAME
    PHONE = PHONE
    ID = ID
    SEARCH = SEARCH
    ECHO = SECRET + " echo"  # what somebody typed into a form, whole
    KEYED = SECRET + " keyed"  # likewise, when it is an object

    @property
    def placeholder(self) -> str:
        return self.value.split(" ")[0]


_EXACT = {
    **dict.fromkeys(
        ("pass", "pwd", "mdp", "passe", "passphrase", "requirepass", "masterauth", "credentials"), Sort.SECRET
    ),
    **dict.fromkeys(("sid", "connectsid", "session", "jwt", "otp", "totp", "backupcode"), Sort.TOKEN),
    **dict.fromkeys(("cookie", "setcookie"), Sort.COOKIE),
    **dict.fromkeys(
        ("authorization", "xhealthkey", "healthkey", "xapikey", "xxsrftoken", "xsrftoken"), Sort.HEADER
    ),
    **dict.fromkeys(
        ("nom", "prenom", "prénom", "postnom", "identifier", "username", "user", "guardian"), Sort.NAME
    ),
    **dict.fromkeys(("tel", "tél", "mobile", "whatsapp", "portable", "cell", "gsm"), Sort.PHONE),
    **dict.fromkeys(
        (
            "nin",
            "ssn",
            "mrn",
            "dob",
            "birth",
            "born",
            "passport",
            "passeport",
            "dossier",
            "électeur",
            "electeur",
        ),
        Sort.ID,
    ),
    **dict.fromkeys(("q", "search", "searchterm", "term", "keyword", "query", "recherche"), Sort.SEARCH),
    **dict.fromkeys(
        ("requestbody", "reqbody", "rawbody", "body", "formdata", "payload", "patientdata"), Sort.ECHO
    ),
    **dict.fromkeys(("value", "values", "keyvalue", "oldvalue", "newvalue", "enteredvalue"), Sort.ECHO),
    **dict.fromkeys(("key", "patient"), Sort.KEYED),
}
_ENDINGS = {
    Sort.SECRET: ("password", "passwd", "secret", "passwordhash", "encryptionkey", "privatekey", "secretkey", "motdepasse"),
    Sort.TOKEN: ("token", "sessionid"),
    Sort.HEADER: ("apikey", "healthkey"),
    Sort.NAME: (
        "firstname", "lastname", "middlename", "fullname", "maidenname", "patientname", "displayname", "surname",
        "mothername", "fathername", "contactname", "nextofkin", "familyname", "givenname",
    ),
    Sort.PHONE: ("phone", "phonenumber", "telephone", "téléphone", "mobilenumber"),
    Sort.ID: (
        "patientid", "nationalid", "nationalidnumber", "idnumber", "insurancenumber", "medicalrecordnumber", "birthdate",
        "dateofbirth", "votercard", "naissance", "documentnumber", "cardnumber",
    ),
}  # fmt: skip
_ENDS = tuple((ending, sort) for sort, endings in _ENDINGS.items() for ending in endings)
_ALL_ENDS = tuple(ending for ending, _ in _ENDS)

_FIELD = re.compile(r"(?<![\w.-])([\w.-]++|n°)\\*[\"'`]?[ ]{0,2}(?:=>|[:=])[ ]{0,2}")
_PLAIN_QUOTED = re.compile(r"([\"'`])((?:[^\\\"'`]|\\.|(?!\1)[\"'`]|\1(?=\w))*+)(?:\1|\\?\Z)", re.DOTALL)
_ESCAPED_QUOTED = re.compile(r"(\\+[\"'])((?:(?!\\+[\"']).)*+)(?:\\+[\"']|\Z)", re.DOTALL)
_BARE = re.compile(r"[^\s,;&\"'`{}\[\]()<>][^\s&\"'`<>]*")
_MORE_NAMES = re.compile(rf"(?:,? {CAPITALISED})+")
_NUMBERED = re.compile(
    r"(?:patient|national|dossier|assur|insur|voter|électeur|electeur|carte|passp|identit)\S*\W+$",
    re.IGNORECASE,
)
# What mongoose and PostgreSQL repeat of what was typed.
_ECHOES = re.compile(
    r"((?:\bvalue|\bPath [\"'`]\w+[\"'`]) \(?\\*[\"'`])((?:[^\"'`\\]|[\"'`](?=\w))+)(?=\\*[\"'`])"
    r"|((?:is invalid|\bPath [\"'`]\w+[\"'`]|\)=) ?\()([^)`]+)(?=\))"
)
_QUOTE = re.compile(r"[\"'`]")
_STRUCTURE = re.compile(r"\\.|[\"'{}\[\]]")
_SYSTEM_USERS = words_of(
    "guest root admin system medflow mongodb postgres redis node default anonymous nobody"
)
_CODE_NUMBER = re.compile(r"-?[\d.]{1,9}$")


def sort_of(key: str, before: str = "") -> Sort | None:
    """What a key promises, None when nothing; `before` is the text in front of it, for keys of two words.

    >>> sort_of("currentPassword"), sort_of("statusCode")
    (<Sort.SECRET: '[secret]'>, None)
    """
    plain = key.lower().replace("_", "").replace("-", "").replace(".", "")
    found = _EXACT.get(plain)
    if found is not None:
        return found
    if plain.endswith(_ALL_ENDS):
        return next(sort for ending, sort in _ENDS if plain.endswith(ending))
    if plain in ("id", "number", "no", "n°", "num", "numéro", "numero") and _NUMBERED.search(before[-32:]):
        return Sort.ID
    return None


def hide_fields(text: str) -> str:
    """The text with the values of telling keys replaced; quotes and everything else stay."""
    pieces: list[str] = []
    done = 0
    for field in _FIELD.finditer(text):
        if field.start() < done:
            continue
        sort = sort_of(field[1], text[max(0, field.start() - 32) : field.start()])
        if sort is None:
            continue
        span = _span(text, field.end(), sort, "=" in field[0])
        if span is not None:
            pieces += (text[done : span[0]], sort.placeholder)
            done = span[1]
    return "".join((*pieces, text[done:])) if pieces else text


def hide_echoes(text: str) -> str:
    """Values that a database or a validation repeats in its message.

    >>> hide_echoes('Cast to ObjectId failed for value "KABONGO" at path "_id"')
    'Cast to ObjectId failed for value "[secret]" at path "_id"'
    """
    if "value " in text or "Path " in text or "invalid (" in text or "invalid(" in text or ")=(" in text:
        return _ECHOES.sub(_echo, text)
    return text


def _echo(found: re.Match[str]) -> str:
    is_hidden = found[2].startswith(PLACEHOLDERS) if found[2] else found[4] in PLACEHOLDERS
    return found[0] if is_hidden else (found[1] or found[3]) + SECRET


def _span(text: str, start: int, sort: Sort, assigned: bool) -> tuple[int, int] | None:
    """From where to where the value is to be hidden, None when it need not be."""
    if text.startswith(PLACEHOLDERS, start) or start >= len(text):
        return None
    if text[start] in "{[":
        return (start, _closed(text, start)) if sort in (Sort.ECHO, Sort.KEYED, Sort.SEARCH) else None
    quoted = _ESCAPED_QUOTED.match(text, start) if text[start] == "\\" else _PLAIN_QUOTED.match(text, start)
    if quoted is not None:
        return quoted.span(2) if _is_telling(quoted[2], sort, certain=True) else None
    bare = _BARE.match(text, start)
    if bare is None or sort in (Sort.ECHO, Sort.KEYED):
        return None
    value = bare[0].rstrip(".,;:!?)]}")
    end = start + len(value)
    if sort is Sort.COOKIE:
        return (start, _line_end(text, start)) if "=" in text[start:] else None
    if not _is_telling(value, sort, certain=assigned):
        return None
    if sort in (Sort.NAME, Sort.SEARCH) and (more := _MORE_NAMES.match(text, end)):
        end = more.end()
    return start, end


def _is_telling(value: str, sort: Sort, *, certain: bool) -> bool:
    """Whether a value is what its key promises; `certain` when it is quoted or assigned."""
    if not value or value.startswith(PLACEHOLDERS) or value.lower() in ORDINARY:
        return False
    digits = any(each.isdigit() for each in value)
    match sort:
        case Sort.PHONE:
            return sum(each.isdigit() for each in value) >= 5
        case Sort.ID:
            return digits
        case Sort.TOKEN:
            return certain or digits or len(value) >= 16
        case Sort.NAME:
            return value.lower() not in _SYSTEM_USERS
        case Sort.ECHO:
            return not _CODE_NUMBER.match(value)
        case Sort.KEYED:
            return False
        case Sort.SEARCH:
            return certain or value[0].isupper()
        case _:
            return True


def _line_end(text: str, start: int) -> int:
    """Where a header ends: at the quote that encloses it, or with the line."""
    found = _QUOTE.search(text, start)
    return found.start() if found else len(text)


def _closed(text: str, start: int) -> int:
    """Just after the bracket that closes the one at `start`; the end of the text when none does."""
    depth, quote = 0, ""
    for mark in _STRUCTURE.finditer(text, start):
        sign = mark[0]
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "{[":
            depth += 1
        elif sign in "}]":
            depth -= 1
            if depth == 0:
                return mark.end()
    return len(text)
