"""Names of keys: as the terminal's reader gives them, and as they are printed on a keyboard."""

from __future__ import annotations

import unicodedata

_OTHER_NAMES = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}


def name_of(character: str) -> str:
    """The name of the key that types a character: a letter or digit itself, else its name in Unicode.

    >>> name_of("?"), name_of("é"), name_of("/")
    ('question_mark', 'é', 'slash')
    """
    if character.isalnum():
        return character
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return _OTHER_NAMES.get(name, name)


CHARACTERS = {name_of(chr(code)): chr(code) for code in range(0x21, 0x100) if chr(code).isprintable()}
