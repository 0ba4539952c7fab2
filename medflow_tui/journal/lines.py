"""Bytes cut into lines with a cap, and what is text and what is not."""

from __future__ import annotations

LONGEST_LINE = 16 * 1024
LONGEST_CHARACTER = 4  # bytes
BINARY_SHARE = 0.05
_CONTROLS = bytes(each for each in (*range(1, 9), *range(14, 27), *range(28, 32), 127))
_BLANK = b"\0\r\n\t "


class LineCutter:
    """Takes blocks of bytes, gives whole lines of at most 16 KiB; holds one unfinished line, never more."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._is_over = self._is_skipping = False
        self.cut = 0

    def feed(self, block: bytes) -> list[str]:
        """The lines that ended in this block, without blank ones."""
        first, found, others = block.partition(b"\n")
        lines = self._ended(first, ends=bool(found))
        whole, found, rest = others.rpartition(b"\n")
        if found:
            plain = _plain(whole)
            if plain is None:
                for piece in whole.split(b"\n"):
                    lines += self._ended(piece, ends=True)
            else:
                lines += plain
        self._add(rest)
        return lines

    def _ended(self, piece: bytes, *, ends: bool) -> list[str]:
        self._add(piece)
        if not ends:
            return []
        lines = [] if self._is_skipping else self.flush()
        self._is_skipping = False
        return lines

    def flush(self) -> list[str]:
        """The line held, as if it had ended here."""
        held, over = bytes(self._rest), self._is_over
        self._rest.clear()
        self._is_over = False
        self.cut += over
        return [as_text(held) + "…" * over] if held.strip(_BLANK) else []

    def skip(self) -> None:
        """Forget the line held, and all that comes before the next line begins."""
        self.clear()
        self._is_skipping = True

    def clear(self) -> None:
        """Forget the line held."""
        self._rest.clear()
        self._is_over = self._is_skipping = False

    def _add(self, piece: bytes) -> None:
        if self._is_skipping:
            return
        room = LONGEST_LINE - len(self._rest)
        self._rest += piece[:room]
        self._is_over = self._is_over or len(piece) > room


def _plain(lines: bytes) -> list[str] | None:
    """All of them at once, as nearly every block can be read; None when one has to be looked at by itself."""
    if b"\0" in lines:
        return None
    try:
        pieces = lines.decode().split("\n")
    except UnicodeDecodeError:
        return None
    if max(map(len, pieces)) * LONGEST_CHARACTER > LONGEST_LINE:
        return None
    if b"\r" in lines:
        pieces = [each.strip("\r") for each in pieces]
    return [each for each in pieces if each.strip("\r\t ")]


def as_text(line: bytes) -> str:
    """A line as text: UTF-8, else the code page of Western Windows; NULs (left by a power cut) are nothing.

    >>> as_text(b"d\\xe9j\\xe0"), as_text(b"a\\0b\\r")
    ('déjà', 'ab')
    """
    line = line.strip(b"\r").replace(b"\0", b"")
    try:
        return line.decode()
    except UnicodeDecodeError:
        broken = line.decode(errors="replace")
        return (
            broken
            if broken.count("\ufffd") == 1 and broken.endswith("\ufffd")
            else line.decode("cp1252", errors="replace")
        )


def is_binary(sample: bytes) -> bool:
    """Whether bytes are no text: more than 5 % control characters besides NUL, escape and breaks.

    >>> is_binary(b"plain text"), is_binary(bytes(range(256)))
    (False, True)
    """
    held = sample.replace(b"\0", b"")
    controls = len(held) - len(held.translate(None, _CONTROLS))
    return controls > BINARY_SHARE * len(held)
