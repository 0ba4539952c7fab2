"""Signatures of a site's playbooks: `NAME.toml.sig` beside the file, by `ssh-keygen -Y sign -n medflow-playbook`.

Whose signature counts stands in `/etc/medflow_tui/playbook_signers`, an allowed-signers file of ssh-keygen(1) that only
root can have written.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

from medflow_tui.model.words import SILENCE, Phrase, say

SIGNERS = Path("/etc/medflow_tui/playbook_signers")
ENDING, NAMESPACE, PROGRAM, WITHIN_S = ".sig", "medflow-playbook", "ssh-keygen", 10.0
OPEN = stat.S_IWGRP | stat.S_IWOTH


def has_signature(path: Path) -> bool:
    """Whether somebody laid one beside it."""
    return signature_of(path).exists()


def signature_of(path: Path) -> Path:
    """
    >>> signature_of(Path("a/own.toml")).name
    'own.toml.sig'
    """
    return path.with_name(path.name + ENDING)


def why_unsigned(path: Path, content: bytes, signers: Path | None = None) -> Phrase:
    """Why the signature beside a playbook does not vouch for this very content; nothing when it does."""
    signers = signers or SIGNERS
    program = shutil.which(PROGRAM, path=os.defpath)  # not one that this user put into the way
    if program is None:
        return say("there is no ssh-keygen on this machine: its signature cannot be checked")
    try:
        found = signers.stat()
    except OSError:
        return say("its signature counts for nothing: {file} names nobody", file=str(signers))
    if found.st_uid != 0 or found.st_mode & OPEN:
        return say("its signature counts for nothing: others than root may write {file}", file=str(signers))
    asked = ("-s", str(signature_of(path)))
    named = _ask(program, ("-Y", "find-principals", *asked, "-f", str(signers)), b"")
    who = named[1].splitlines()[0].strip() if named[0] == 0 and named[1].strip() else ""
    if not who:
        return say("its signature is nobody's who is named in {file}", file=str(signers))
    words = ("-Y", "verify", *asked, "-f", str(signers), "-I", who, "-n", NAMESPACE)
    return SILENCE if _ask(program, words, content)[0] == 0 else say("its signature is not for this content")


def _ask(program: str, words: tuple[str, ...], content: bytes) -> tuple[int, str]:
    """Exit code and output; what does not end or cannot be started says no."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT")}
    try:
        done = subprocess.run(
            (program, *words),
            input=content,
            capture_output=True,
            timeout=WITHIN_S,
            check=False,
            env={**kept, "LC_ALL": "C"},
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired):
        return 1, ""
    return done.returncode, done.stdout.decode("utf-8", errors="replace")
