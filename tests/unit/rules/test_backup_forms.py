"""Every cut of a whole backup is found, in whatever pieces it is read."""

from __future__ import annotations

import contextlib
import gzip
import io
import struct
import tarfile

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medflow_tui.rules.backup_forms import (
    ARCHIVE_MAGIC,
    DamagedError,
    Eater,
    Sql,
    Unzipped,
    Walker,
    archive,
    documents,
    fields,
    tar,
)
from medflow_tui.rules.pg_custom import custom

END = b"\xff\xff\xff\xff"


def state(eater: Eater, content: bytes, piece: int = 1000) -> str:
    """ "whole", or what the damage is called."""
    try:
        for at in range(0, len(content), piece):
            eater.feed(content[at : at + piece])
        eater.end()
    except DamagedError as damage:
        return damage.state
    return "whole"


def tarred(sizes: tuple[int, ...] = (0, 1, 511, 512, 5000)) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as writer:
        for number, size in enumerate(sizes):
            member = tarfile.TarInfo(f"medflow/{number}.bson")
            member.size = size
            writer.addfile(member, io.BytesIO(bytes(size)))
    return packed.getvalue()


def dumped(collections: tuple[str, ...] = ("patients", "visits")) -> bytes:
    """A mongodump archive as its specification says, with the documents of the collections in turn."""
    prelude = bson.encode(
        {"concurrent_collections": 4, "version": "0.1", "server_version": "7.0", "tool_version": "100.18"}
    )
    for name in collections:
        prelude += bson.encode(
            {"db": "medflow", "collection": name, "metadata": "{}", "size": 0, "type": "collection"}
        )
    body = b""
    for turn in range(3):
        for name in collections:
            body += header(name, closes=False)
            body += b"".join(bson.encode({"_id": turn * 100 + n, "text": "x" * 50}) for n in range(5)) + END
    for name in collections:
        body += header(name, closes=True) + END
    return ARCHIVE_MAGIC + prelude + END + body


def header(name: str, *, closes: bool) -> bytes:
    return bson.encode(
        {"db": "medflow", "collection": name, "EOF": closes, "CRC": bson.Int64(7 if closes else 0)}
    )


@given(piece=st.integers(1, 4096))
def test_a_whole_backup_is_whole_in_pieces_of_any_size(piece: int) -> None:
    assert state(Walker(tar()), tarred(), piece) == "whole"
    assert state(Walker(archive()), dumped(), piece) == "whole"
    assert state(Unzipped(Walker(archive())), gzip.compress(dumped()), piece) == "whole"


@given(st.data())
def test_every_cut_of_a_tar_before_its_closing_block_is_found(data: st.DataObject) -> None:
    whole = tarred((100, 2000))
    closes = 512 + 512 + 512 + 2048  # two headers, two contents
    cut = data.draw(st.integers(1, closes + 511))
    assert state(Walker(tar()), whole[:cut]) == "short"


def test_every_cut_of_an_archive_is_found_also_on_the_border_of_a_block() -> None:
    whole = dumped()
    assert {state(Walker(archive()), whole[:cut]) for cut in range(1, len(whole))} <= {"short", "garbled"}
    border = whole.index(header("patients", closes=True))
    assert state(Walker(archive()), whole[:border]) == "short"


def test_an_archive_that_ends_before_a_collection_began_is_short() -> None:
    whole = dumped(("patients",))
    announced = dumped(("patients", "visits"))
    prelude = announced[: announced.index(END) + 4]
    blocks = whole[whole.index(END) + 4 :]
    assert state(Walker(archive()), prelude + blocks) == "short"


@given(cut=st.integers(0, 400))
def test_a_cut_inside_a_bson_document_is_found(cut: int) -> None:
    content = b"".join(bson.encode({"_id": n, "text": "y" * n}) for n in range(8))
    borders, at = {0}, 0
    while at < len(content):
        at += struct.unpack_from("<i", content, at)[0]
        borders.add(at)
    cut = min(cut, len(content))
    expected = "empty" if cut == 0 else "whole" if cut in borders else "short"
    assert state(Walker(documents()), content[:cut]) == expected


@given(cut=st.integers(1, 200))
def test_every_cut_of_a_gzip_is_found(cut: int) -> None:
    whole = gzip.compress(tarred())
    assert state(Unzipped(Walker(tar())), whole[: max(1, len(whole) - cut)]) == "short"


def test_a_gzip_whose_bytes_changed_is_damaged() -> None:
    whole = bytearray(gzip.compress(tarred(), mtime=0))
    whole[-6] ^= 1
    assert state(Unzipped(Walker(tar())), bytes(whole)) == "corrupt"


def test_the_twenty_bytes_that_a_failed_pipe_leaves_are_empty() -> None:
    nothing = gzip.compress(b"")
    assert len(nothing) == 20
    assert state(Unzipped(Sql()), nothing) == "empty"
    assert state(Unzipped(Walker(tar())), nothing) == "empty"


def test_a_truncated_dump_that_was_compressed_well_is_short() -> None:
    assert state(Unzipped(Walker(tar())), gzip.compress(tarred()[:2000])) == "short"
    assert (
        state(Unzipped(Sql()), gzip.compress(b"-- PostgreSQL database dump\nCREATE TABLE a();\n")) == "short"
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"-- PostgreSQL database dump\n\n-- PostgreSQL database dump complete\n\n\\unrestrict x\n", "whole"),
        (b"-- PostgreSQL database cluster dump\n-- PostgreSQL database cluster dump complete\n", "whole"),
        (b"-- PostgreSQL database cluster dump\n-- PostgreSQL database dump complete\n", "short"),
        (b"ls: cannot access\n", "garbled"),
        (b"", "empty"),
    ],
)
def test_a_plain_dump_is_known_by_its_last_comment(content: bytes, expected: str) -> None:
    assert state(Sql(), content) == expected


def test_two_members_of_gzip_and_padding_are_one_file() -> None:
    whole = tarred()
    assert (
        state(Unzipped(Walker(tar())), gzip.compress(whole[:700]) + gzip.compress(whole[700:]) + bytes(512))
        == "whole"
    )


def test_what_is_not_the_format_is_garbled() -> None:
    assert state(Walker(archive()), b"not an archive at all") == "garbled"
    assert state(Walker(tar()), b"x" * 1024) == "garbled"
    assert state(Walker(custom()), b"-- SQL text") == "garbled"
    assert state(Walker(custom()), b"PGDMP\x01\x63\x00\x04\x08\x01" + bytes(100)) == "unfamiliar"


@given(st.binary(max_size=3000))
def test_no_bytes_at_all_raise_anything_but_damage(content: bytes) -> None:
    for eater in (
        Walker(tar()),
        Walker(archive()),
        Walker(documents()),
        Walker(custom()),
        Sql(),
        Unzipped(Sql()),
    ):
        state(eater, content)
    for start in (ARCHIVE_MAGIC, b"PGDMP\x01\x0e\x00\x04\x08\x01"):
        state(Walker(archive()), start + content)
        state(Walker(custom()), start + content)


@given(st.binary(max_size=60))
def test_fields_of_broken_documents_are_damage(content: bytes) -> None:
    with contextlib.suppress(DamagedError):
        fields(struct.pack("<i", len(content) + 4) + content)


def test_fields_of_a_document_cut_in_a_name_are_damage() -> None:
    with pytest.raises(DamagedError, match="corrupt"):
        fields(bson.encode({"db": "medflow"})[:6])
