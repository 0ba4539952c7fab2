"""The newest file of an SMB share, looked for within bounds; folders are opened to be listed, files never."""

from __future__ import annotations

import heapq
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from smbprotocol.exceptions import (
    AccessDenied,
    NoMoreFiles,
    NoSuchFile,
    ObjectNameNotFound,
    ObjectPathNotFound,
)
from smbprotocol.file_info import FileInformationClass
from smbprotocol.open import (
    CreateDisposition,
    CreateOptions,
    DirectoryAccessMask,
    FileAttributes,
    ImpersonationLevel,
    Open,
    ShareAccess,
    SMB2QueryDirectoryResponse,
)
from smbprotocol.tree import TreeConnect

from medflow_tui.clients.network import Deadline

MARGIN = 0.15  # of the deadline, kept from the listing so that what was seen still arrives in time
OWN_FILES = frozenset({"thumbs.db", "desktop.ini", ".ds_store"})  # written by looking, not by a device
_REPARSE = 0x400
_EPOCH_1601 = datetime(1601, 1, 1, tzinfo=UTC)
_ENTRY = struct.Struct("<II6QII")  # FILE_DIRECTORY_INFORMATION, [MS-FSCC] 2.4.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a bounded look found: never a name, only the newest time of last write and how much was seen.

    `ahead` files are dated after the moment of looking and do not count; `complete` is false when the budget,
    the depth, the time or a right was missing. `exists` is false when the share has no such folder.
    """

    newest: datetime | None
    files: int
    seen: int
    ahead: int
    complete: bool
    exists: bool = True


class Walk:
    """One bounded walk: folders that were written to last come first, so that a short look finds the newest."""

    def __init__(
        self, tree: TreeConnect, entries: int, depth: int, now: datetime, deadline: Deadline
    ) -> None:
        self._tree, self._entries, self._depth, self._deadline = tree, entries, depth, deadline
        self._until = now + timedelta(minutes=5)  # clocks of devices differ a little
        self._margin = MARGIN * deadline.left()
        self._newest: datetime | None = None
        self._files = self._seen = self._ahead = 0
        self._complete = True

    def from_folder(self, folder: str) -> Listing:
        waiting: list[tuple[int, int, str]] = [(0, 0, folder)]
        while waiting:
            if self._seen >= self._entries or self._deadline.left() <= self._margin:
                self._complete = False
                break
            _, level, here = heapq.heappop(waiting)
            try:
                self._visit(here, level, waiting)
            except AccessDenied:
                if here == folder:
                    raise
                self._complete = False
            except (ObjectNameNotFound, ObjectPathNotFound):
                if here == folder:
                    return Listing(newest=None, files=0, seen=0, ahead=0, complete=True, exists=False)
        return Listing(
            newest=self._newest,
            files=self._files,
            seen=self._seen,
            ahead=self._ahead,
            complete=self._complete,
        )

    def _visit(self, here: str, level: int, waiting: list[tuple[int, int, str]]) -> None:
        for name, written, attributes in _entries(self._tree, here):
            if name in (".", ".."):
                continue
            self._seen += 1
            if attributes & FileAttributes.FILE_ATTRIBUTE_DIRECTORY:
                if attributes & _REPARSE:
                    continue
                if level + 1 > self._depth:
                    self._complete = False
                    continue
                heapq.heappush(waiting, (-written, level + 1, f"{here}\\{name}" if here else name))
            elif name.lower() not in OWN_FILES:
                self._count(written)
            if self._seen >= self._entries or self._deadline.left() <= self._margin:
                self._complete = False
                return

    def _count(self, written: int) -> None:
        self._files += 1
        moment = _moment(written)
        if moment > self._until:
            self._ahead += 1
        elif self._newest is None or moment > self._newest:
            self._newest = moment


def _moment(filetime: int) -> datetime:
    """A time of [MS-DTYP] FILETIME: units of 100 ns since 1601, in UTC."""
    try:
        return _EPOCH_1601 + timedelta(microseconds=filetime // 10)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _entries(tree: TreeConnect, folder: str) -> Iterator[tuple[str, int, int]]:
    """Name, time of last write and attributes of what is in a folder, opened to be listed only."""
    opened = Open(tree, folder)
    opened.create(
        ImpersonationLevel.Impersonation,
        DirectoryAccessMask.FILE_LIST_DIRECTORY | DirectoryAccessMask.FILE_READ_ATTRIBUTES,
        FileAttributes.FILE_ATTRIBUTE_DIRECTORY,
        ShareAccess.FILE_SHARE_READ | ShareAccess.FILE_SHARE_WRITE | ShareAccess.FILE_SHARE_DELETE,
        CreateDisposition.FILE_OPEN,
        CreateOptions.FILE_DIRECTORY_FILE,
    )
    connection, session = tree.session.connection, tree.session
    try:
        while True:
            query, _ = opened.query_directory(
                "*", FileInformationClass.FILE_DIRECTORY_INFORMATION, send=False
            )
            request = connection.send(query, session.session_id, tree.tree_connect_id)
            answer = SMB2QueryDirectoryResponse()
            answer.unpack(connection.receive(request)["data"].get_value())
            yield from _unpacked(answer["buffer"].get_value())
    except (NoMoreFiles, NoSuchFile):
        return
    finally:
        if connection.transport.connected:
            opened.close()


def _unpacked(block: bytes) -> Iterator[tuple[str, int, int]]:
    start = 0
    while start + _ENTRY.size <= len(block):
        following, _, _, _, written, _, _, _, attributes, length = _ENTRY.unpack_from(block, start)
        name = block[start + _ENTRY.size : start + _ENTRY.size + length].decode("utf-16-le", "replace")
        yield name, written, attributes
        if following == 0:
            return
        start += following
