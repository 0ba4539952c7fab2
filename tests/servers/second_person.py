"""A second person at a terminal of their own: `python second_person.py UID ALONE TYPED -- WORDS…`.

Runs the command line as that user in a new terminal, types what is asked for, and prints one JSON line {code, said}.
With ALONE=1 it is nobody's child (a log-in of its own); else it sits in the log-in of whoever started it. In TYPED,
lines are separated by `|`, and `{phrase}` is what the program asks to be typed.
"""

from __future__ import annotations

import importlib
import json
import os
import pty
import re
import select
import sys
import time

USED = (
    *("cli.agreeing", "runner.door", "runner.origin", "runner.agreeing", "runner.preview", "runner.report"),
    *(
        "runner.keys",
        "playbooks.load",
        "playbooks.shelf",
        "rules.spoken",
        "journal.orders",
        "locale.language",
    ),
    *(
        "cli.leading",
        "wiring.leading",
        "wiring.proving",
        "runner.incidents",
        "journal.budget",
        "config.secrets",
    ),
)
LATE = (
    "termios",
    "zoneinfo",
    "platformdirs.unix",
    "pwd",
    "unicodedata",
    "encodings.utf_8_sig",
    "encodings.ascii",
)
PROMPT = re.compile(r"Type  (.+?)  to agree|read out\? $|name\) $|list\) $|004\) $|SEV4\) $|there\) $")
LONGEST_S = 40.0


def be(uid: int, words: list[str]) -> None:
    """The command line as another user; modules are read before, as the interpreter may belong to root alone."""
    from medflow_tui.cli import run

    for each in USED:
        importlib.import_module(f"medflow_tui.{each}")
    for each in LATE:
        importlib.import_module(each)
    if uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    sys.exit(run(words))


def converse(uid: int, lines: list[str], words: list[str]) -> dict[str, object]:
    pid, terminal = pty.fork()
    if pid == 0:
        be(uid, words)
    said, seen, ends = "", 0, time.monotonic() + LONGEST_S
    while time.monotonic() < ends:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                piece = os.read(terminal, 4096)
            except OSError:
                break
            if not piece:
                break
            said += piece.decode(errors="replace")
        found = PROMPT.search(said, seen)
        if found and lines:
            seen = found.end()
            os.write(terminal, (lines.pop(0).replace("{phrase}", found[1] or "") + "\n").encode())
    _, status = os.waitpid(pid, 0)
    return {"code": os.waitstatus_to_exitcode(status), "said": said}


if __name__ == "__main__":
    uid, alone, typed, _, *rest = sys.argv[1:]
    if alone == "1":
        os.setsid()
        if os.fork():
            os._exit(0)
    sys.stdout.write(json.dumps(converse(int(uid), typed.split("|"), rest)) + "\n")
    sys.stdout.flush()
