"""Placeholders, and the words that are never a name or a secret."""

from __future__ import annotations

import re
from typing import Final

FILE: Final = "[file]"
NAME: Final = "[name]"
ID: Final = "[id]"
TOKEN: Final = "[token]"  # noqa: S105
EMAIL: Final = "[e-mail]"
PHONE: Final = "[phone]"
SECRET: Final = "[secret]"  # noqa: S105
SEARCH: Final = "[search]"
PLACEHOLDERS: Final = (FILE, NAME, ID, TOKEN, EMAIL, PHONE, SECRET, SEARCH)


def words_of(text: str) -> frozenset[str]:
    """The words of a text, for lists that are easier to read as one."""
    return frozenset(text.split())


# What stands after "password:" or "token =" in sentences and in code: none of it is worth hiding.
ORDINARY: Final = words_of("""
    null none nil undefined true false yes no empty set unset missing required optional invalid incorrect wrong expired
    revoked malformed mismatch failed failure error ok success valid changed change reset updated deleted created must
    should is are was has have had not too does do did cannot can could will would may for from to of the a an at in on or
    and but with without by as be been field fields path cast value type string number object array function default
    minimum maximum min max weak strong long short hashed verified verification validation authentication authorization
    bearer basic digest negotiate token tokens header cookie cookies provided found given supplied received refresh access
    jwt manquant invalide incorrect obligatoire requis expire
""")

# Capitalised words that stand beside names in the field's sentences and are no names.
COMMON: Final = words_of("""
    a an the and or not no new old file files image images photo picture document report scan folder path patient patients
    patiente error errors warning warn info debug failed failure success successful successfully found missing created
    updated deleted removed added saved moved copied copying moving importing imported import export exported exporting
    processing processed process skipping skipped skip reading read writing wrote written loading loaded opened closed
    detected detecting from for with without into onto in on at by of to is was are has id ids data record records
    registration registered service services sync synced synchronisation queue queued worker job jobs match matched matching
    unmatched controller model schema portal search list count import validation route router api http https get post put
    patch delete head options json xml csv pdf html url uri null undefined true false object array string number invalid
    unknown duplicate cannot could unable please identity identifier name names number access forbidden unauthorized
    request response timeout retry retries attempt attempts email sms phone address query result results total clinic
    device devices server backend database mongo mongodb redis socket node express enoent eacces eperm ebusy econnrefused
    econnreset etimedout typeerror referenceerror syntaxerror validationerror casterror od os ou oct fundus zeiss solix nidek
    tomey dicom hl7 smb cors jwt csrf sql tls ssl ssh vpn lan ups pacs utc gmt usd cdf eur cpu ram rss heap pm2 wal aof ttl aes gcm
    windows linux chrome safari mozilla firefox like gecko khtml matrix matadi tombalbaye tomba masina kinshasa depot eye dépôt
    ready running started starting stopped stopping listening connected disconnected daily monthly yearly blocked open closed half
    central mount mounted share scheduler clarus export microscope examen biometrie optique conventions retino auth login logout
    bearer circuit breaker using version mode production development test size max min total time date day only all bad gateway
    internal such operation system call state storage index access message client socket invoice payment visit appointment user
    users admin role session cache key value type path code status first last next
    fichier dossier nouveau nouvelle introuvable erreur non trouve trouvé importe importé enregistre enregistré
""")

CAPITALISED: Final = r"[A-ZÀ-ÖØ-Þ][\w'’.-]{0,40}+(?![\w'’-])"
_WORDS = re.compile(r"\S+")


def without_common(words: str) -> tuple[str, bool]:
    """The leading part of `words` that is no name, and whether a name follows it.

    >>> without_common("New File KABONGO Marie")
    ('New File ', True)
    """
    for found in _WORDS.finditer(words):
        if found[0].strip(".,:;'’-").lower() not in COMMON:
            return words[: found.start()], True
    return words, False
