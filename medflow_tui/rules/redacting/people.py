"""People in running text: names beside a number or a title, e-mail, telephone, identifiers, dates of birth."""

from __future__ import annotations

import re

from medflow_tui.rules.redacting.words import (
    CAPITALISED,
    COMMON,
    EMAIL,
    FILE,
    ID,
    NAME,
    PHONE,
    without_common,
)

_LETTER = "A-Za-zÀ-ÖØ-öø-ÿ"
_EDGE = rf"(?<![{_LETTER}0-9])"
_PERSON = re.compile(
    rf"{_EDGE}[A-ZÀ-ÖØ-Þ][{_LETTER}'’]*(?:[_^-][A-ZÀ-ÖØ-Þ][{_LETTER}'’]*){{1,5}}[_^-](?:PAT|P)?-?\d{{4,8}}(?![A-Za-z0-9])[\w^.-]*"
    rf"|{_EDGE}[a-zà-öø-ÿ'’]+(?:[_^-][a-zà-öø-ÿ'’]+){{1,5}}[_^-](?:pat|p)?\d{{3,8}}[_^-](?:19|20)\d{{6}}(?![A-Za-z0-9])[\w^.-]*"
    rf"|(?<![{_LETTER}0-9'’-])[{_LETTER}'’-]++(?:\^[{_LETTER}'’-]+)+\^*",
)
_NUMBERED = re.compile(r"[_^-](?:PAT|P|pat|p)?-?\d{3}|\^")
_BESIDE_ID = re.compile(
    rf"(?<![\w'’.-])({CAPITALISED}(?:[ ,]{{1,2}}{CAPITALISED}){{0,4}})(?=[ ,]{{0,2}}\(?\[id\])"
)
_TITLED = re.compile(
    r"((?:\b(?i:patiente?s?|malade)\b[ :#=]{1,3}[\"'(]?|\b(?:M\.|Mr\.?|Mrs\.?|Ms\.|Mme\.?|Mlle\.?|Dr\.?|Prof\.?|Docteur|Madame|Monsieur) ))"
    rf"({CAPITALISED}(?: (?:(?:de|da|wa|ya|van|el) )?{CAPITALISED}){{0,5}})"
)
_USER = re.compile(r"(\b(?:user(?:name)?|utilisateur|account|compte) [\"']?)(?!\[)(\w+\.\w+)", re.IGNORECASE)
_BIG = r"(?:[A-ZÀ-ÖØ-Þ]['’])?[A-ZÀ-ÖØ-Þ]{3,24}(?:['’-][A-ZÀ-ÖØ-Þ]{1,24}){0,2}"
_SMALL = r"[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ]{2,24}(?:-[A-ZÀ-ÖØ-Þ]?[a-zà-öø-ÿ]{2,24})?"
_BOTH = re.compile(rf"(?<![\w'’./:=-])(?:{_BIG} {_SMALL}|{_SMALL} {_BIG})(?![\w'’./:(=-])")
_TITLES = (
    "patient",
    "malade",
    "m. ",
    "mr",
    "ms. ",
    "mme",
    "mlle",
    "dr",
    "prof",
    "docteur",
    "madame",
    "monsieur",
)
_EMAIL = re.compile(r"(?<![\w.+-])(?<!//)[\w.+-]++@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,24}(?![\w])")
_PHONE = re.compile(
    r"(?<![\w.:/+-])(?:"
    r"(?:\+|00)[1-9]\d{0,2}[ .-]?(?:\(?\d\)?[ .-]?){6,11}\d"
    r"|243[ .-]?[1-9]\d(?:[ .-]?\d){7}"
    r"|0[89]\d(?:[ .-]?\d){7}"
    r"|0[1-9](?:[ .]\d\d){4}"
    r")(?![\w:]|[.-]\d)"
)
_PATIENT_ID = re.compile(
    rf"{_EDGE}(?:P\d{{4,10}}|(?:PAT|PT|MRN|DOS|NIN)[-_#: ]{{0,2}}\d[\d-]{{2,}}\d)(?![A-Za-z0-9])"
)
_PATIENT_NUMBER = re.compile(
    r"(\bpatient(?: (?:not found|id|no|number|n°|record|missing|introuvable|inconnu))?[ :#=(]{1,3})(\d{3,10})\b"
    r"(?! ?(?:ms|s|kB|MB|rows|files|records|fichiers|patients)\b)",
    re.IGNORECASE,
)
_BIRTH = re.compile(
    rf"{_EDGE}(?<![.:+])(?:"
    r"(?!1970-?01-?01)19\d\d([-/.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?:T[\d:.]+Z?)?"
    r"|(?:0?[1-9]|[12]\d|3[01])([/.-])(?:0?[1-9]|1[0-2])\2(?!1970)19\d\d"
    r")(?![A-Za-z0-9])(?!\.\d)"
)
_BIRTH_WORD = re.compile(
    r"(\bn[ée]e?\(?e?\)? le |\bborn (?:on )?|\bbirth(?: date)? (?:is )?)(\d[\d/. -]{5,9}\d)", re.IGNORECASE
)


def hide_persons(text: str) -> str:
    """Names joined to a number, as devices write them, or by carets, as DICOM does; an ending makes it a file.

    >>> hide_persons("ZEISS: KABONGO_MARIE_P10233_19710504_F not read")
    'ZEISS: [name] not read'
    """
    if _NUMBERED.search(text) is None:
        return text
    return _PERSON.sub(lambda found: FILE if re.search(r"\.\w{2,5}\Z", found[0]) else NAME, text)


def hide_names(text: str) -> str:
    """Names after a title or the word patient, and names in front of a number that was hidden before."""
    lower = text.lower()
    if any(each in lower for each in _TITLES):
        text = _TITLED.sub(_titled, text)
    if "user" in lower or "utilisateur" in lower or "account" in lower or "compte" in lower:
        text = _USER.sub(lambda found: found[1] + NAME, text)
    if ID in text:
        text = _BESIDE_ID.sub(_beside, text)
    return _BOTH.sub(_both, text)


def _both(found: re.Match[str]) -> str:
    """A word in capitals beside one with a capital, as names are written in French, when neither is a known word."""
    words = found[0].lower().split()
    return found[0] if any(each in COMMON for each in words) else NAME


def _titled(found: re.Match[str]) -> str:
    common, has_name = without_common(found[2])
    if not has_name:
        return found[0]
    return found[1] + common + NAME


def _beside(found: re.Match[str]) -> str:
    common, has_name = without_common(found[1])
    return common + NAME if has_name else found[0]


def hide_emails(text: str) -> str:
    """E-mail addresses; `user@host` of a URL stays."""
    return _EMAIL.sub(EMAIL, text)


def hide_phones(text: str) -> str:
    """International numbers, those of the DRC with or without +243, and local mobile numbers.

    >>> hide_phones("SMS to +243 81 234 5678 and 0998765432 at 08:01:31 +01:00")
    'SMS to [phone] and [phone] at 08:01:31 +01:00'
    """
    return _PHONE.sub(PHONE, text)


def hide_identifiers(text: str) -> str:
    """Numbers of patients, and dates of birth: any date of 1900 to 1999 except the epoch, and what is said to be one."""
    text = _PATIENT_ID.sub(ID, text)
    lower = text.lower()
    if "patient" in lower:
        text = _PATIENT_NUMBER.sub(lambda found: found[1] + ID, text)
    if "19" in text:
        text = _BIRTH.sub(ID, text)
    if "birth" in lower or "born" in lower or "n\u00e9" in lower or "ne le" in lower or "nee le" in lower:
        text = _BIRTH_WORD.sub(lambda found: found[1] + ID, text)
    return text
