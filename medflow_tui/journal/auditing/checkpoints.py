"""The signed checkpoints beside an audit: the newest one, and the last of each day before."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from medflow_tui.journal.auditing import signing
from medflow_tui.journal.auditing.attributes import let_others_in
from medflow_tui.journal.auditing.copies import LARGEST, NAME, SIGNATURE, TEXT, Copies
from medflow_tui.journal.auditing.place import FILE
from medflow_tui.journal.auditing.signing import SigningError
from medflow_tui.journal.moment import stamp
from medflow_tui.journal.small_file import replace_durably
from medflow_tui.model.audit import Anchor
from medflow_tui.rules.auditing.checkpoint import Checked, Checkpoint, Signed, checkpoint_of, text_of

TROUBLE = "audit-unsigned.json"


class Checkpoints:
    """Made at the end of each run and with each anchor, and copied to the places of anchors. Nothing here raises: why
    there is no signature, or no copy, is left beside."""

    def __init__(
        self, folder: Path, site: str, key: Path | None, group: str = "", places: Iterable[str] = ()
    ) -> None:
        self._folder, self._site, self._key, self._group = folder, site, key, group
        self._copies = Copies(folder, site, places, self._write)

    def make(self, anchor: Anchor, now: datetime | None = None) -> None:
        """Sign the end of the chain, when the site has a key for that, and copy what is missing elsewhere."""
        if self._key is not None:
            self._make(self._key, anchor, now)
            self._copies.send_on(found(self._folder))

    def _make(self, key: Path, anchor: Anchor, now: datetime | None) -> None:
        path = self._folder / f"{NAME}{anchor.count:010d}{TEXT}"
        if path.exists():
            return
        made = Checkpoint(site=self._site, anchor=anchor, at=str(stamp(now)["ts"]))
        before = found(self._folder)
        with suppress(OSError):
            try:
                signature = signing.sign(key, text_of(made))
            except SigningError as error:
                self._write(self._folder / TROUBLE, json.dumps({"why": error.why, "count": anchor.count}))
                return
            self._write(path.with_suffix(SIGNATURE), signature)
            self._write(path, text_of(made))
            (self._folder / TROUBLE).unlink(missing_ok=True)
            self._drop_of_same_day(before, made)

    def _write(self, path: Path, text: str) -> None:
        replace_durably(path, text, aside=path.with_name(f".{path.name}{secrets.token_hex(4)}"))
        let_others_in(path, self._group)

    def _drop_of_same_day(self, before: tuple[Path, ...], made: Checkpoint) -> None:
        """The one before says nothing that the new one does not, which covers more; unless the audit no longer holds
        what it signed (or long ago, in an older file): then it stays, for it may convict."""
        last = read(before[-1]) if before else None
        if last is None or last.at[:10] != made.at[:10] or last.anchor.count >= made.anchor.count:
            return
        head = f'"hash":"{last.anchor.head}"'.encode()
        if any(head in each.read_bytes() for each in self._newest_files()):
            before[-1].unlink(missing_ok=True)
            before[-1].with_suffix(SIGNATURE).unlink(missing_ok=True)

    def _newest_files(self) -> tuple[Path, ...]:
        """The file that is written, and the two that were closed last."""
        closed = sorted(self._folder.glob(f"{Path(FILE).stem}-{'[0-9]' * 10}.jsonl"))
        return (self._folder / FILE, *closed[-2:])


def found(folder: Path) -> tuple[Path, ...]:
    """The texts of all checkpoints, oldest first."""
    with suppress(OSError):
        return tuple(sorted(folder.glob(f"{NAME}{'[0-9]' * 10}{TEXT}")))
    return ()


def trouble(folder: Path) -> str:
    """Why the last one could not be signed, as its writer left it; empty when it was."""
    with suppress(OSError, ValueError, AttributeError):
        return str(json.loads((folder / TROUBLE).read_bytes()[:LARGEST]).get("why", ""))
    return ""


def check(path: Path, site: str, signers: Path | None) -> Checked | None:
    """What one checkpoint says, and what its signature is worth. `site` names the signer, whatever the text says.

    None when it is not there any more: a newer one of that day stands for it.
    """
    signature = path.with_suffix(SIGNATURE)
    try:
        text = path.read_bytes()[:LARGEST].decode()
        if not signature.exists():
            if not path.exists():
                return None
            return Checked(name=path.name, checkpoint=checkpoint_of(text), signed=Signed.WRONG)
        signed, why = signing.verify(signers, site, text, signature), ""
    except SigningError as error:
        signed, why = Signed.UNKNOWN, error.why
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        return Checked(name=path.name, checkpoint=None, signed=Signed.WRONG)
    return Checked(name=path.name, checkpoint=checkpoint_of(text), signed=signed, why=why)


def read(path: Path) -> Checkpoint | None:
    """What one says, whoever signed it."""
    with suppress(OSError, UnicodeDecodeError):
        return checkpoint_of(path.read_bytes()[:LARGEST].decode())
    return None
