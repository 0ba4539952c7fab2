"""Whether the bytes of a backup are complete, piece by piece as they arrive: tar, BSON, mongodump archive, SQL, pg_dump -Fc.

A form is a generator that says how many bytes it wants next (`n` to be given them, `-n` to skip them) and returns when
all is well; it is driven by a Walker. Nothing of the content is kept. What a form proves: the file goes on to
its end as its own lengths, trailers and counts say. It does not prove that the content is right.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Generator
from typing import Protocol

GZIP_MAGIC = b"\x1f\x8b\x08"
ARCHIVE_MAGIC = struct.pack("<I", 0x8199E26D)
TERMINATOR = 0xFFFFFFFF
LARGEST_DOCUMENT = 48 * 1024 * 1024  # BSON is limited to 16 MiB; system documents and metadata may be larger
LARGEST_STEP = 4 * 1024 * 1024

Form = Generator[int, bytes, None]


class DamagedError(Exception):
    """`state` is "short" (ends too early), "empty", "corrupt" (its own check sum says so) or "garbled" (another format)."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class EndOfBytesError(Exception):
    """Thrown into a form at the end of the file; `left` bytes of what it asked for were there."""

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left


class Eater(Protocol):
    """Takes the bytes of a file in order; both calls raise DamagedError."""

    def feed(self, data: bytes) -> None: ...

    def end(self) -> None: ...


class Walker:
    """Drives a form over pieces of any size."""

    def __init__(self, form: Form) -> None:
        self._form, self._kept, self._done, self._seen = form, bytearray(), False, False
        self._wanted = next(form)

    def feed(self, data: bytes) -> None:
        self._seen = self._seen or bool(data)
        at = 0
        while at < len(data) and not self._done:
            if self._wanted < 0:
                step = min(-self._wanted, len(data) - at)
                self._wanted += step
                at += step
                if self._wanted == 0:
                    self._advance(b"")
                continue
            step = min(self._wanted - len(self._kept), len(data) - at)
            self._kept += data[at : at + step]
            at += step
            if len(self._kept) == self._wanted:
                piece, self._kept = bytes(self._kept), bytearray()
                self._advance(piece)

    def end(self) -> None:
        """All was given: complete, or DamagedError("short")."""
        if not self._seen:
            raise DamagedError("empty")
        if self._done:
            return
        try:
            self._form.throw(EndOfBytesError(-1 if self._wanted < 0 else len(self._kept)))
        except StopIteration:
            return
        except EndOfBytesError:
            pass
        raise DamagedError("short")

    def _advance(self, piece: bytes) -> None:
        try:
            self._wanted = self._form.send(piece)
            while self._wanted == 0:
                self._wanted = self._form.send(b"")
        except StopIteration:
            self._done = True


class Unzipped:
    """Decodes gzip, whose own CRC and length are then checked, and gives what comes out to another eater."""

    def __init__(self, inner: Eater) -> None:
        self._inner, self._open = inner, False
        self._stream = zlib.decompressobj(31)

    def feed(self, data: bytes) -> None:
        try:
            while data:
                if self._stream.eof:
                    data = data.lstrip(b"\0")
                    if not data:
                        return
                    self._stream = zlib.decompressobj(31)
                self._open = True
                self._inner.feed(self._stream.decompress(data, LARGEST_STEP))
                data = self._stream.unconsumed_tail or self._stream.unused_data
        except zlib.error as error:
            raise DamagedError("corrupt") from error

    def end(self) -> None:
        if not self._open:
            raise DamagedError("empty")
        self._inner.feed(self._stream.flush())
        if not self._stream.eof:
            raise DamagedError("short")
        self._inner.end()


class Guess:
    """Chooses the eater by the first bytes: gzip around it or not, and what the file is then made of."""

    def __init__(self, forms: dict[bytes, Eater], otherwise: Eater | None) -> None:
        self._forms, self._otherwise = forms, otherwise
        self._head, self._chosen = b"", None if forms else otherwise

    def feed(self, data: bytes) -> None:
        if self._chosen is None:
            self._head += data
            if len(self._head) < max(len(each) for each in self._forms):
                return
            data, self._head = self._head, b""
            self._chosen = self._choose(data)
        self._chosen.feed(data)

    def end(self) -> None:
        if self._chosen is None:
            if not self._head:
                raise DamagedError("empty")
            self._chosen = self._choose(self._head)
            self._chosen.feed(self._head)
        self._chosen.end()

    def _choose(self, head: bytes) -> Eater:
        for magic, eater in self._forms.items():
            if head.startswith(magic):
                return eater
        if self._otherwise is None:
            raise DamagedError("garbled")
        return self._otherwise


class Sql:
    """A plain pg_dump: begins and ends with the comments that pg_dump writes."""

    def __init__(self) -> None:
        self._head, self._tail = b"", b""

    def feed(self, data: bytes) -> None:
        if len(self._head) < 4096:
            self._head += data[:4096]
        self._tail = (self._tail + data)[-4096:]

    def end(self) -> None:
        if not self._tail:
            raise DamagedError("empty")
        if b"PostgreSQL database" not in self._head:
            raise DamagedError("garbled")
        last = (
            b"cluster dump complete" if b"database cluster dump" in self._head else b"database dump complete"
        )
        if last not in self._tail:
            raise DamagedError("short")


def documents() -> Form:
    """BSON documents one after another; none at all is an empty collection."""
    while True:
        try:
            head = yield 4
        except EndOfBytesError as end:
            if end.left:
                raise
            return
        yield 4 - _length(head)


def tar() -> Form:
    """Files of a tar up to its closing block of zeros, at least one of them."""
    files = 0
    while True:
        block = yield 512
        if not block.strip(b"\0"):
            if not files:
                raise DamagedError("empty")
            return
        plain = sum(block) - sum(block[148:156]) + 8 * 32
        try:
            if int(block[148:156].strip(b" \0") or b"0", 8) != plain:
                raise DamagedError("garbled")
            size = (
                int.from_bytes(block[125:136])
                if block[124] & 0x80
                else int(block[124:136].strip(b" \0") or b"0", 8)
            )
        except ValueError as error:
            raise DamagedError("garbled") from error
        files += 1
        yield -(-(-size // 512) * 512)


def archive() -> Form:
    """mongodump --archive: prelude, blocks (header, documents, terminator), and a closing header for each collection."""
    if (yield 4) != ARCHIVE_MAGIC:
        raise DamagedError("garbled")
    due: set[tuple[str, str]] = set()
    while (document := (yield from _document())) is not None:
        found = fields(document)
        if found.get("type") == "collection" and found.get("db"):
            due.add((str(found.get("db")), str(found.get("collection"))))
    while True:
        try:
            head = yield 4
        except EndOfBytesError as end:
            if end.left or due:
                raise
            return
        found = fields(head + (yield _length(head) - 4))
        name = str(found.get("db")), str(found.get("collection"))
        if found.get("EOF"):
            due.discard(name)
        else:
            due.add(name)
        while True:
            head = yield 4
            if struct.unpack("<I", head)[0] == TERMINATOR:
                break
            yield 4 - _length(head)


def _document() -> Generator[int, bytes, bytes | None]:
    head = yield 4
    if struct.unpack("<I", head)[0] == TERMINATOR:
        return None
    rest = yield _length(head) - 4
    return head + rest


def _length(head: bytes) -> int:
    length = int(struct.unpack("<i", head)[0])
    if not 5 <= length <= LARGEST_DOCUMENT:
        raise DamagedError("corrupt")
    return length


def fields(document: bytes) -> dict[str, object]:
    """Strings, booleans and whole numbers at the top of a BSON document, up to the first value of another type."""
    found: dict[str, object] = {}
    at = 4
    try:
        while document[at]:
            kind, ends = document[at], document.index(0, at + 1)
            name, at = document[at + 1 : ends].decode("utf-8", "replace"), ends + 1
            match kind:
                case 0x02:
                    length = struct.unpack_from("<i", document, at)[0]
                    found[name] = document[at + 4 : at + 3 + length].decode("utf-8", "replace")
                    at += 4 + max(1, length)
                case 0x08:
                    found[name], at = bool(document[at]), at + 1
                case 0x10:
                    found[name], at = struct.unpack_from("<i", document, at)[0], at + 4
                case 0x12:
                    found[name], at = struct.unpack_from("<q", document, at)[0], at + 8
                case _:
                    return found
    except (IndexError, ValueError, struct.error) as error:
        raise DamagedError("corrupt") from error
    return found
