"""Whether a `pg_dump -Fc` file is complete: its table of contents, and every data block that it announces.

The layout is that of PostgreSQL's pg_backup_archiver.c (ReadHead, ReadToc) and pg_backup_custom.c, format 1.12 to 1.16.
"""

from __future__ import annotations

from collections.abc import Generator

from medflow_tui.rules.backup_forms import DamagedError, EndOfBytesError, Form

PG_MAGIC = b"PGDMP"
OLDEST, NEWEST = (1, 12), (1, 16)
DATA, LARGE_OBJECTS = 1, 3
NO_DATA = 3
LARGEST_TEXT = 64 * 1024 * 1024


class _Sizes:
    """How this file writes its numbers."""

    def __init__(self, integer: int, offset: int, version: tuple[int, int]) -> None:
        self.integer, self.offset, self.version = integer, offset, version


def custom() -> Form:
    """Header, table of contents, then exactly as many data blocks as the table says."""
    sizes = yield from _header()
    blocks = 0
    for _ in range((yield from _number(sizes))):
        blocks += yield from _entry(sizes)
    while True:
        try:
            kind = yield 1
        except EndOfBytesError:
            if blocks > 0:
                raise
            return
        blocks -= 1
        yield from _number(sizes)
        if kind[0] == DATA:
            yield from _chunks(sizes)
        elif kind[0] == LARGE_OBJECTS:
            while (yield from _number(sizes)):
                yield from _chunks(sizes)
        else:
            raise DamagedError("corrupt")


def _header() -> Generator[int, bytes, _Sizes]:
    if (yield 5) != PG_MAGIC:
        raise DamagedError("garbled")
    major, minor, _, integer, offset, form = yield 6
    version = (major, minor)
    if not OLDEST <= version <= NEWEST or form != 1 or not 1 <= integer <= 8 or not 1 <= offset <= 16:
        raise DamagedError("unfamiliar")
    sizes = _Sizes(integer, offset, version)
    if version >= (1, 15):
        yield 1  # compression algorithm
    else:
        yield from _number(sizes)  # compression level
    for _ in range(7):  # moment of creation
        yield from _number(sizes)
    for _ in range(3):  # database, version of the server, version of pg_dump
        yield from _text(sizes)
    return sizes


def _entry(sizes: _Sizes) -> Generator[int, bytes, int]:
    """One entry of the table of contents; 1 when it has a data block, else 0."""
    for _ in range(2):  # id, had a dumper
        yield from _number(sizes)
    for _ in range(4):  # oid of the table, oid, tag, kind
        yield from _text(sizes)
    yield from _number(sizes)  # section
    for _ in range(5):  # definition, drop, copy, schema, table space
        yield from _text(sizes)
    if sizes.version >= (1, 14):
        yield from _text(sizes)  # access method
    if sizes.version >= (1, 16):
        yield from _number(sizes)  # kind of relation
    for _ in range(2):  # owner, with oids
        yield from _text(sizes)
    while (yield from _text(sizes)):  # dependencies
        pass
    flag = yield 1
    yield -sizes.offset
    return 0 if flag[0] == NO_DATA else 1


def _chunks(sizes: _Sizes) -> Generator[int, bytes, None]:
    while True:
        length = yield from _number(sizes)
        if length < 0:
            raise DamagedError("corrupt")
        if length == 0:
            return
        yield -length


def _number(sizes: _Sizes) -> Generator[int, bytes, int]:
    raw = yield 1 + sizes.integer
    value = int.from_bytes(raw[1:], "little")
    return -value if raw[0] else value


def _text(sizes: _Sizes) -> Generator[int, bytes, bool]:
    """Skips a text; false when it is the absent one that ends a list."""
    length = yield from _number(sizes)
    if length > LARGEST_TEXT:
        raise DamagedError("corrupt")
    if length > 0:
        yield -length
    return length >= 0
