"""Signed checkpoints copied to the places of anchors: what convicts when the trail and its checkpoints were written anew."""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from medflow_tui.journal.small_file import replace_durably
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.auditing.checkpoint import Checkpoint, checkpoint_of

NAME, TEXT, SIGNATURE = "audit-checkpoint-", ".txt", ".txt.sig"
UNSENT = "audit-not-elsewhere.json"
WITHIN_S = 5.0  # a dead network folder holds up nobody for longer
MOST = 400  # of the newest: more than a year of days
LARGEST = 4096  # bytes, more than a checkpoint, its signature or a trouble has
MODE = 0o640
Write = Callable[[Path, str], None]


class Copies:
    """To each place that is a folder, else beside the file that it is. Nothing here raises or waits for long.

    What is there stays, also when the audit says something else by now; what could not be sent is told in `UNSENT` beside
    the audit, and sent the next time.
    """

    def __init__(self, folder: Path, site: str, places: Iterable[str], write: Write) -> None:
        self._folder, self._site, self._write = folder, site, write
        self._places = tuple(folder / each for each in places)
        self._sending: threading.Thread | None = None
        self._at = folder

    def send_on(self, texts: tuple[Path, ...]) -> None:
        """Bring to each place what it lacks of these; one that hangs is left alone after a few seconds."""
        if not self._places:
            return
        if self._sending is None or not self._sending.is_alive():
            self._sending = threading.Thread(target=self._send_all, args=(texts,), name="copies", daemon=True)
            self._sending.start()
            self._sending.join(WITHIN_S)
        if self._sending.is_alive():
            self._tell({str(self._at): os.strerror(errno.ETIMEDOUT)})

    def _send_all(self, texts: tuple[Path, ...]) -> None:
        troubles = {}
        for each in self._places:
            self._at = each
            try:
                self._send(texts, each)
            except OSError as error:
                troubles[str(each)] = error.strerror or "?"
        self._tell(troubles)

    def _send(self, texts: tuple[Path, ...], place: Path) -> None:
        folder = _folder_of(place)
        there = {each.name for each in folder.iterdir()}
        for each in texts[-MOST:]:
            try:
                text = each.read_text(encoding="utf-8")
                signature = each.with_suffix(SIGNATURE).read_text(encoding="ascii")
            except (FileNotFoundError, UnicodeDecodeError):
                continue  # a newer one stands for it
            made = checkpoint_of(text)
            if made is None or (name := name_elsewhere(self._site, made)) in there:
                continue
            for path, content in ((folder / name).with_suffix(SIGNATURE), signature), (folder / name, text):
                aside = path.with_name(f".{path.name}{secrets.token_hex(4)}")
                replace_durably(path, content, aside=aside, mode=MODE)

    def _tell(self, troubles: dict[str, str]) -> None:
        with suppress(OSError):
            if troubles:
                self._write(self._folder / UNSENT, json.dumps(troubles))
            else:
                (self._folder / UNSENT).unlink(missing_ok=True)


def name_elsewhere(site: str, made: Checkpoint) -> str:
    """Of the site, in folders that several share; with its head, so that none takes the place of another.

    >>> from medflow_tui.model.audit import Anchor
    >>> name_elsewhere("a/b", Checkpoint(site="a/b", anchor=Anchor(count=7, head="0123456789abcdef"), at=""))
    'a_b-audit-checkpoint-0000000007-0123456789ab.txt'
    """
    return f"{_beginning(site)}{made.anchor.count:010d}-{made.anchor.head[:12]}{TEXT}"


def found_elsewhere(place: Path, site: str) -> tuple[Path, ...]:
    """The texts of a site's checkpoints at a place of anchors, oldest first; `place` may be one of them. None by any error."""
    with suppress(OSError):
        if place.name.endswith(TEXT) and NAME in place.name and place.is_file():
            return (place,)
        return tuple(sorted(_folder_of(place).glob(f"{_beginning(site) if site else '*' + NAME}*{TEXT}")))
    return ()


def unsent(folder: Path) -> Phrase:
    """Where the last checkpoints could not be copied to, and why; nothing when they could."""
    with suppress(OSError, ValueError, AttributeError):
        told = json.loads((folder / UNSENT).read_bytes()[:LARGEST])
        parts = [say("{place}: {why}", place=str(place), why=str(why)) for place, why in told.items()]
        return parts[0].also(*parts[1:]) if parts else SILENCE
    return SILENCE


def _folder_of(place: Path) -> Path:
    """Raises OSError when neither a folder nor a file is there.

    A file without an ending is what anchors left where a folder was to be mounted: beside it is no other machine.
    """
    if place.is_dir():
        return place
    if place.is_file() and place.suffix:
        return place.parent
    code = errno.ENOTDIR if place.exists() else errno.ENOENT
    raise OSError(code, os.strerror(code), str(place))


def _beginning(site: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", site) + f"-{NAME}"
