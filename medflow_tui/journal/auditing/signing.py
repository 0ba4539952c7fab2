"""Signatures by `ssh-keygen -Y`: with the key of the site, without ever waiting for a person."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

from medflow_tui.model.site import Site
from medflow_tui.rules.auditing.checkpoint import NAMESPACE, Signed, principal

PROGRAM = "ssh-keygen"
WITHIN_S = 10.0
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
    code, said, errors = _ask(("-Y", "sign", "-f", str(key), "-n", NAMESPACE), text)
    if code or not said.startswith("-----BEGIN SSH SIGNATURE-----"):
        raise SigningError("passphrase" if "passphrase" in errors else "failed")
    return said


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
    words = ("-Y", "verify", "-f", str(signers), "-I", principal(site), "-n", NAMESPACE, "-s", str(signature))
    return Signed.WRONG if _ask(words, text)[0] else Signed.SIGNED


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


def _ask(words: tuple[str, ...], given: str) -> tuple[int, str, str]:
    """Without a terminal, an agent, or a window in which a passphrase could be asked for."""
    program = shutil.which(PROGRAM)
    if program is None:
        raise SigningError("no_program")
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT")}
    try:
        done = subprocess.run(
            (program, *words),
            input=given.encode(),
            capture_output=True,
            timeout=WITHIN_S,
            check=False,
            env={**kept, "LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"},
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise SigningError("timeout") from error
    except OSError as error:
        raise SigningError("no_program") from error
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
