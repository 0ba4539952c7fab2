"""What comes from a terminal, as what a person typed: no mouse reports, no answers that nobody asked for, no bad bytes."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

ESCAPE = "\x1b"
ESC = 0x1B
PASTE, PASTE_ENDS = b"\x1b[200~", b"\x1b[201~"
WAITED_FOR = re.compile(
    r"\x1b\[(\?\d+;\d\$y|\d+;\d+R|[IO]|0n)"
)  # mode reports, cursor position, focus, status
LONGEST, LONGEST_PASTE = 256, 65_536
MOUSE_BYTES = 3  # of the oldest reports: button, column, line, each any byte from 32 on
PATIENCE_S, PASTE_PATIENCE_S = 0.5, 5.0  # on a bad line one sequence comes in pieces
_CONTROL = re.compile(rb"\x1b\[(?:<[0-9;-]*[Mm]|[0-?]*[ -/]*[@-~])")  # some terminals report columns below 0
_BEGUN = re.compile(rb"\x1b\[(?:<[0-9;-]*|[0-?]*[ -/]*)")
_STRINGS = (b"]", b"P", b"X", b"^", b"_")  # OSC, DCS, SOS, PM, APC
# A byte that is not UTF-8 was typed in Latin-1 (PuTTY with the wrong translation); a control character of it is noise.
_LATIN_1 = {0xDC00 + byte: chr(byte) if byte >= 0xA0 else None for byte in range(0x80, 0x100)}


class Keyboard:
    """Takes bytes as they come, in any pieces; gives texts of which each can be understood at once.

    A text is plain characters, `ESCAPE`, one whole sequence that `knows` answers for, or one whole paste in its
    brackets. No key of ours is pressed together with Alt, so that Esc and a key that arrive together are two keys.
    When nothing came for `patience_s`, call `rest`: what is still incomplete then was no key, but for Esc itself.
    """

    def __init__(self, knows: Callable[[str], bool]) -> None:
        self._knows = knows
        self._held = b""
        self._is_flooded = False  # a paste too long to be meant: nothing of it is kept
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")

    def take(self, data: bytes) -> list[str]:
        """What is complete after these bytes."""
        texts: list[str] = []
        data, self._held = self._held + data, b""
        at = 0
        while at < len(data):
            begins = data.find(ESC, at)
            plain = data[at:] if begins < 0 else data[at:begins]
            texts.append(self._plain(plain, final=begins >= 0))
            if begins < 0:
                break
            ends, text = self._sequence(data[begins:])
            if not ends:
                self._held = self._kept(data[begins:])
                break
            texts.append(text)
            at = begins + ends
        return [each for each in texts if each]

    @property
    def patience_s(self) -> float | None:
        """How long to wait for the rest of what has begun; None when nothing has."""
        if self._held.startswith(PASTE):
            return PASTE_PATIENCE_S
        return PATIENCE_S if self._held or self._decoder.getstate()[0] else None

    def rest(self) -> list[str]:
        """Nothing follows: Esc, a key whose sequence is the beginning of another one's, or nothing."""
        held, self._held, self._is_flooded = self._held, b"", False
        text = held.decode("ascii", "replace")
        found = (self._plain(b"", final=True), text if text == ESCAPE or self._knows(text) else "")
        return [each for each in found if each]

    def _plain(self, data: bytes, *, final: bool) -> str:
        return self._decoder.decode(data, final).translate(_LATIN_1)

    def _kept(self, begun: bytes) -> bytes:
        if begun.startswith(PASTE) and len(begun) > LONGEST_PASTE:
            self._is_flooded = True
            return PASTE + begun[-len(PASTE_ENDS) :]
        return begun

    def _sequence(self, data: bytes) -> tuple[int, str]:
        """How long the sequence is with which the data begins (0: incomplete), and the text that it gives."""
        second = data[1:2]
        if not second:
            return 0, ""
        if second == b"[":
            return self._paste(data) if data.startswith(PASTE) else self._control(data)
        if second == b"O":
            return (3, self._known(data[:3])) if len(data) > 2 else (0, "")
        if second in _STRINGS:
            return _end_of_string(data), ""
        return 1, ESCAPE

    def _control(self, data: bytes) -> tuple[int, str]:
        if data.startswith(b"\x1b[["):  # function keys of the Linux console
            return (4, self._known(data[:4])) if len(data) > 3 else (0, "")
        found = _CONTROL.match(data)
        if found is not None:
            if found[0] == b"\x1b[M":
                return (len(found[0]) + MOUSE_BYTES if len(data) >= len(found[0]) + MOUSE_BYTES else 0), ""
            return found.end(), self._known(found[0])
        begun = _BEGUN.match(data)
        length = begun.end() if begun is not None else 2
        return (0 if length == len(data) <= LONGEST else length), ""  # it ends before what is no part of it

    def _known(self, sequence: bytes) -> str:
        text = sequence.decode("ascii", "replace")
        return text if self._knows(text) or WAITED_FOR.fullmatch(text) else ""

    def _paste(self, data: bytes) -> tuple[int, str]:
        ends = data.find(PASTE_ENDS)
        if ends < 0:
            return 0, ""
        length = ends + len(PASTE_ENDS)
        if self._is_flooded:
            self._is_flooded = False
            return length, ""
        inside = data[len(PASTE) : ends].replace(b"\x1b", b"").decode("utf-8", "surrogateescape")
        return length, f"{PASTE.decode()}{inside.translate(_LATIN_1)}{PASTE_ENDS.decode()}"


def _end_of_string(data: bytes) -> int:
    """Behind BEL, or Esc and backslash; a string that is too long ends here."""
    found = [at + length for end, length in ((b"\x07", 1), (b"\x1b\\", 2)) if (at := data.find(end, 2)) >= 0]
    return min(found) if found else len(data) if len(data) > LONGEST else 0
