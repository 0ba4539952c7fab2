"""A line as it is typed: what to show of each piece, the keys that erase, enter, and the end of the input (Ctrl-D)."""

from __future__ import annotations

import codecs
import re

LONGEST = 4096
ENTER, ERASE, ERASE_WORD, ERASE_ALL, END = "\r\n", "\x7f\b", "\x17", "\x15", "\x04"
BACK = "\b \b"
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.)?")  # an arrow, a bracket of pasted text


class Keys:
    """Takes bytes in any pieces until it `is_entered` or `is_left` (Ctrl-D on an empty line); then nothing more.

    >>> keys = Keys()
    >>> keys.take(b"ab\\x7fc\\rsecret"), keys.text
    ('ab\\x08 \\x08c', 'ac')
    """

    def __init__(self) -> None:
        self.text = ""
        self.is_entered = self.is_left = False
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def take(self, data: bytes) -> str:
        """What a terminal that shows the line is to be sent."""
        shown = ""
        for each in _SEQUENCE.sub("", self._decoder.decode(data)):
            if each in ENTER or (each == END and not self.text):
                self.is_entered, self.is_left = each in ENTER, each == END
                break
            shown += self._key(each)
        return shown

    def _key(self, key: str) -> str:
        if key in ERASE:
            return self._erase(len(self.text) - 1)
        if key == ERASE_WORD:
            left, blank, _ = self.text.rstrip().rpartition(" ")
            return self._erase(len(left + blank))
        if key == ERASE_ALL:
            return self._erase(0)
        if not key.isprintable() or len(self.text) >= LONGEST:
            return ""
        self.text += key
        return key

    def _erase(self, left: int) -> str:
        gone = len(self.text) - max(0, left)
        self.text = self.text[: max(0, left)]
        return BACK * gone
