"""What programs say when they may not: in words for people, without what they printed."""

from __future__ import annotations

from medflow_tui.clients.command import Output
from medflow_tui.model.words import SILENCE, Phrase, say

SUDO = ("sudo", "-n", "--")
_NO_SUDO = (
    "a password is required",
    "a terminal is required",
    "is not in the sudoers",
    "is not allowed to",
    "may not run",
)
_NO_RIGHT = (
    "interactive authentication required",
    "access denied",
    "permission denied",
    "not permitted",
    "access is denied",
    "must be root",
)


def with_rights(argv: tuple[str, ...], *, sudo: bool) -> tuple[str, ...]:
    """The same by way of sudo, which is never to ask for a password.

    >>> with_rights(("systemctl", "stop"), sudo=True)
    ('sudo', '-n', '--', 'systemctl', 'stop')
    """
    return (*SUDO, *argv) if sudo else argv


def refused(output: Output) -> Phrase:
    """Why this account may not, or silence when that is not what was said.

    >>> refused(Output(code=1, text="", errors="sudo: a password is required")).text
    'sudo does not let this account do it without a password'
    """
    printed = f"{output.errors}\n{output.text}".lower()
    if "sudo" in printed and any(each in printed for each in _NO_SUDO):
        return say("sudo does not let this account do it without a password")
    if any(each in printed for each in _NO_RIGHT):
        return say("this account may not do it: the site must allow it")
    return SILENCE


def by_code(program: str, output: Output) -> Phrase:
    """Silence for exit status 0, else why in words."""
    if output.code == 0:
        return SILENCE
    return refused(output) or say("{program} says no (exit {code})", program=program, code=str(output.code))
