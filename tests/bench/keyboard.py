"""The bytes of keys, as a terminal sends them in the mode that the program asked for."""

from __future__ import annotations

import re

ARROWS = {"up": b"A", "down": b"B", "home": b"H", "end": b"F"}
NAMED = {
    "escape": b"\x1b",
    "tab": b"\t",
    "f1": b"\x1bOP",
    "f4": b"\x1bOS",
    "f6": b"\x1b[17~",
    "f9": b"\x1b[20~",
    "f10": b"\x1b[21~",
}
_MODE = re.compile(rb"\x1b\[\?1([hl])")


class Keyboard:
    """Arrows are others when the program has asked for cursor keys of applications.

    >>> keys = Keyboard()
    >>> keys.typed("down"), keys.hear(b"x\\x1b[?1h\\x1b="), keys.typed("down"), keys.typed("j")
    (b'\\x1b[B', None, b'\\x1bOB', b'j')
    """

    def __init__(self) -> None:
        self._before = b"\x1b["

    def hear(self, data: bytes) -> None:
        """What the program wrote."""
        for found in _MODE.finditer(data):
            self._before = b"\x1bO" if found[1] == b"h" else b"\x1b["

    def typed(self, key: str) -> bytes:
        """The bytes of a key (a name of `ARROWS` or `NAMED`, or text)."""
        return self._before + ARROWS[key] if key in ARROWS else NAMED.get(key, key.encode())
