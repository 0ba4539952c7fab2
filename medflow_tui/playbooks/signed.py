"""Signatures of a site's playbooks: `NAME.toml.sig` beside the file, by `ssh-keygen -Y sign -n medflow-playbook`.

Whose signature counts stands in `/etc/medflow_tui/playbook_signers`, an allowed-signers file of ssh-keygen(1) that only
root can have written.
"""

from __future__ import annotations

import stat
from pathlib import Path

from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.auditing.checkpoint import told
from medflow_tui.signatures.ssh_keygen import UntoldError, Verdict, signers_named, verify

SIGNERS = Path("/etc/medflow_tui/playbook_signers")
ENDING, NAMESPACE = ".sig", "medflow-playbook"
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
    try:
        found = signers.stat()
    except OSError:
        return say("its signature counts for nothing: {file} names nobody", file=str(signers))
    if found.st_uid != 0 or found.st_mode & OPEN:
        return say("its signature counts for nothing: others than root may write {file}", file=str(signers))
    try:
        named = signers_named(signers, signature_of(path))
    except UntoldError as error:
        return _untold(error.why)
    if not named:
        return say("its signature is nobody's who is named in {file}", file=str(signers))
    answer = verify(signers, named[0], NAMESPACE, content, signature_of(path))
    if answer.verdict is Verdict.UNTOLD:
        return _untold(answer.why)
    return SILENCE if answer.verdict is Verdict.GOOD else say("its signature is not for this content")


def _untold(why: str) -> Phrase:
    return say("its signature cannot be checked").also(told(why))
