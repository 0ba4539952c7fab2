"""Signatures by `ssh-keygen -Y`: with the key of the site, without ever waiting for a person."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from medflow_tui.model.site import Site
from medflow_tui.rules.auditing.checkpoint import NAMESPACE, Signed, principal
from medflow_tui.signatures import ssh_keygen
from medflow_tui.signatures.ssh_keygen import UntoldError, Verdict

FILED = "file:"


class SigningError(Exception):
    """No signature was made or none can be judged; the word of `TROUBLES` says why."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def key_of(site: Site | None) -> Path | None:
    """The signing key that the site file names, from its own folder on."""
    named = site.audit.signing_key.removeprefix(FILED) if site is not None else ""
    return Path(site.folder) / named if site is not None and named else None


def signers_of(site: Site | None) -> Path | None:
    """The allowed-signers file that the site file names, from its own folder on."""
    return Path(site.folder) / site.audit.signers if site is not None and site.audit.signers else None


def sign(key: Path, text: str) -> str:
    """The signature as ssh-keygen writes it into a `.sig` file. Raises SigningError."""
    _refuse_key(key)
    try:
        return ssh_keygen.sign(key, NAMESPACE, text)
    except UntoldError as error:
        raise SigningError(error.why) from error


def verify(signers: Path | None, site: str, text: str, signature: Path) -> Signed:
    """SIGNED or WRONG. Raises SigningError when that cannot be told."""
    if signers is None:
        raise SigningError("no_signers")
    try:
        found = signers.stat()
        if not signers.read_bytes().strip():
            raise SigningError("no_signers")
    except OSError as error:
        raise SigningError("no_signers") from error
    if os.name == "posix" and (found.st_mode & 0o022 or found.st_uid not in (0, os.getuid())):
        raise SigningError("signers_open")
    answer = ssh_keygen.verify(signers, principal(site), NAMESPACE, text.encode(), signature)
    if answer.verdict is Verdict.UNTOLD:
        raise SigningError(answer.why)
    return Signed.SIGNED if answer.verdict is Verdict.GOOD else Signed.WRONG


def trial(key: Path, signers: Path | None, site: str) -> str:
    """Why the key cannot sign for the site, or what it signs cannot be verified (a word of `TROUBLES`); empty when both can."""
    try:
        signature = sign(key, site)
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "trial.sig"
            place.write_text(signature, encoding="ascii")
            return "" if verify(signers, site, site, place) is Signed.SIGNED else "not_a_signer"
    except SigningError as error:
        return error.why
    except OSError:
        return "failed"


def _refuse_key(key: Path) -> None:
    """A key of root's may be readable for the group of the operators; ssh-keygen itself refuses that of one's own."""
    try:
        found = key.stat()
    except OSError as error:
        raise SigningError("no_key") from error
    if not stat.S_ISREG(found.st_mode) or not os.access(key, os.R_OK):
        raise SigningError("no_key")
    if os.name != "posix":
        return
    if found.st_uid not in (0, os.getuid()):
        raise SigningError("key_owner")
    if found.st_mode & (0o077 if found.st_uid == os.getuid() else 0o027):
        raise SigningError("key_open")
