"""Signatures by `ssh-keygen -Y` (ssh-keygen(1), from OpenSSH 8.2 on): made and judged without ever waiting for a person.

The program is looked for where the system keeps its own, never where this user's PATH leads; nothing secret is in its
arguments, and what is signed comes by its input.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

PROGRAM = "ssh-keygen"
SEARCHED = os.pathsep.join(("/usr/bin", "/bin")) if os.name == "posix" else os.defpath
WITHIN_S = 10.0
BEGINS = "-----BEGIN SSH SIGNATURE-----"


class Verdict(Enum):
    """What a signature is worth: by that signer and for that content, not so, or nobody can tell."""

    GOOD = "good"
    BAD = "bad"
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`why` (`no_program`, `timeout`, `unreadable`, `broken_off`) is given with UNTOLD alone."""

    verdict: Verdict
    why: str = ""


class UntoldError(Exception):
    """There is no answer of ssh-keygen: `why` is a word of `TROUBLES`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def sign(key: Path, namespace: str, content: str) -> str:
    """The signature as ssh-keygen writes it into a `.sig` file. Raises UntoldError."""
    code, said, errors = _ask(("-Y", "sign", "-f", str(key), "-n", namespace), content.encode())
    if code or not said.startswith(BEGINS):
        raise UntoldError("passphrase" if "passphrase" in errors else "failed")
    return said


def signers_named(signers: Path, signature: Path) -> tuple[str, ...]:
    """Whose signature it is, of those whom the allowed-signers file names; for which content is not looked at.

    Raises UntoldError.
    """
    code, said, _ = _ask(("-Y", "find-principals", "-s", str(signature), "-f", str(signers)), b"")
    if code < 0:
        raise UntoldError("broken_off")
    return tuple(filter(None, map(str.strip, said.splitlines()))) if code == 0 else ()


def verify(signers: Path, signer: str, namespace: str, content: bytes, signature: Path) -> Answer:
    """Whether the signature beside it is by this signer, in this namespace, for this very content."""
    if not (os.access(signers, os.R_OK) and os.access(signature, os.R_OK)):
        return Answer(verdict=Verdict.UNTOLD, why="unreadable")
    words = ("-Y", "verify", "-f", str(signers), "-I", signer, "-n", namespace, "-s", str(signature))
    try:
        code = _ask(words, content)[0]
    except UntoldError as error:
        return Answer(verdict=Verdict.UNTOLD, why=error.why)
    if code < 0:
        return Answer(verdict=Verdict.UNTOLD, why="broken_off")
    return Answer(verdict=Verdict.BAD if code else Verdict.GOOD)


def _ask(words: tuple[str, ...], given: bytes) -> tuple[int, str, str]:
    """Exit code (below 0: ended by a signal), output, errors; without a terminal, an agent, or a window that asks."""
    program = shutil.which(PROGRAM, path=SEARCHED)
    if program is None:
        raise UntoldError("no_program")
    kept = {name: value for name, value in os.environ.items() if name == "SYSTEMROOT"}
    try:
        child = subprocess.Popen(
            (program, *words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**kept, "PATH": SEARCHED, "LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"},
            start_new_session=True,
        )
    except OSError as error:
        raise UntoldError("no_program") from error
    try:
        said, errors = child.communicate(given, timeout=WITHIN_S)
    except subprocess.TimeoutExpired as error:
        _end(child)
        raise UntoldError("timeout") from error
    return child.returncode, said.decode(errors="replace"), errors.decode(errors="replace")


def _end(child: subprocess.Popen[bytes]) -> None:
    """With all that it has started, which may hold open what it prints; not waited for longer than a second."""
    with suppress(OSError):
        if os.name == "posix":
            os.killpg(child.pid, signal.SIGKILL)
        child.kill()
    for each in (child.stdin, child.stdout, child.stderr):
        with suppress(OSError):
            if each is not None:
                each.close()
    with suppress(subprocess.TimeoutExpired):
        child.wait(1.0)
