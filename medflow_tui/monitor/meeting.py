"""Where the collector and its viewers meet: one socket in the state folder, and who may come to it."""

from __future__ import annotations

import os
import socket
import stat
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SOCKET_FILE, LOCK_FILE = "collector.sock", "collector.lock"
LONGEST_PATH = 100  # bytes; the address of a socket has room for 103 (macOS) or 107 (Linux)
SHORT_PREFIX, SHORT_NAME = "medflow-", "s"
ALL_OF_GROUP = 0o070
PEER_GROUPS = 59  # SO_PEERGROUPS of Linux 4.13, which the module `socket` does not name
MOST_GROUPS_BYTES = 1024  # what `getsockopt` takes: 256 groups


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """The process at the other end of a socket, as the kernel knows it."""

    pid: int
    uid: int
    groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The collector's end. `group` may come too when the state folder is theirs as well (they may write in it)."""

    listening: socket.socket
    link: Path
    path: Path
    group: int | None

    def close(self) -> None:
        """Nobody comes any more, and the next one sees at once that nobody is here."""
        self.listening.close()
        with suppress(OSError):
            self.link.unlink()
        _remove_short(self.path)

    def admits(self, peer: Peer | None) -> bool:
        """This user, root, or the group. Where the system does not name the peer, the file's mode has decided."""
        if peer is None or peer.uid in (0, os.geteuid()):
            return True
        return self.group is not None and self.group in peer.groups


def has_sockets() -> bool:
    """Whether processes can meet like this here (not on Windows)."""
    return hasattr(socket, "AF_UNIX")


def open_door(state: Path) -> Door:
    """Listen in the state folder. Only the holder of the lock may: what lies there is a leftover. Raises OSError.

    A path too long for the address of a socket becomes a symbolic link to a short one in the run-time folder.
    """
    folder = state.resolve()
    link, group = folder / SOCKET_FILE, _group_of(folder)
    _clear(link)
    path = link if _fits(link) else _short_folder(group) / SHORT_NAME
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.setblocking(False)
        listening.bind(str(path))
        _let_in(path, group, 0o600, 0o660)  # before it listens, nobody can connect
        listening.listen(16)
        if path != link:
            link.symlink_to(path)
    except BaseException:
        listening.close()
        _remove_short(path)
        raise
    return Door(listening=listening, link=link, path=path, group=group)


def knock(state: Path, within_s: float) -> socket.socket:
    """The viewer's end. FileNotFoundError: nobody was ever here, or it left in order. ConnectionRefusedError: it died.

    PermissionError: not for this user, or not the collector of this folder. Other OSErrors: it does not answer.
    """
    folder = state.resolve()
    path = folder / SOCKET_FILE
    if path.is_symlink():
        path = path.readlink()
    if not _fits(path):
        raise FileNotFoundError(SOCKET_FILE)
    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        one.settimeout(within_s)
        one.connect(str(path))
        peer = peer_of(one)
        if peer is not None and peer.uid not in (0, os.geteuid(), folder.stat().st_uid):
            raise PermissionError(SOCKET_FILE)
    except BaseException:
        one.close()
        raise
    return one


def peer_of(one: socket.socket) -> Peer | None:
    """Who is at the other end, or None where the system does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    pid, uid, gid = struct.unpack("iII", one.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    more: tuple[int, ...] = ()
    with suppress(OSError):
        found = one.getsockopt(socket.SOL_SOCKET, PEER_GROUPS, MOST_GROUPS_BYTES)
        more = struct.unpack(f"{len(found) // 4}I", found)
    return Peer(pid=pid, uid=uid, groups=(gid, *more))


def _group_of(folder: Path) -> int | None:
    found = folder.stat()
    return found.st_gid if found.st_mode & ALL_OF_GROUP == ALL_OF_GROUP else None


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= LONGEST_PATH


def _short_folder(group: int | None) -> Path:
    """A new folder of ours: of the service, else of the log-in (which no group can enter), else of the system."""
    import tempfile

    own = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    login = os.environ.get("XDG_RUNTIME_DIR", "") if group is None else ""
    usable = (each for each in (own, login) if each and os.access(each, os.W_OK) and len(each) <= 60)
    folder = Path(tempfile.mkdtemp(prefix=SHORT_PREFIX, dir=next(usable, "/tmp")))  # noqa: S108 - TMPDIR may be long
    _let_in(folder, group, 0o700, 0o750)
    return folder


def _let_in(path: Path, group: int | None, alone: int, shared: int) -> None:
    if group is not None:
        os.chown(path, -1, group)
    path.chmod(alone if group is None else shared)


def _clear(link: Path) -> None:
    """Remove what a collector that was killed left behind; anything else at this place is not ours: FileExistsError."""
    if link.is_symlink():
        target = link.readlink()
        link.unlink()
        _remove_short(target)
    elif link.exists():
        if not stat.S_ISSOCK(link.lstat().st_mode):
            raise FileExistsError(f"{link} is no socket")
        link.unlink()


def _remove_short(path: Path) -> None:
    if path.name == SHORT_NAME and path.parent.name.startswith(SHORT_PREFIX):
        with suppress(OSError):
            path.unlink(missing_ok=True)
            path.parent.rmdir()
