"""A small file that somebody else writes, read in a child: it may lie on a dead mount, or be a pipe that nobody fills."""

from __future__ import annotations

import errno
from pathlib import Path

from medflow_tui.clients.child import Outstanding
from medflow_tui.clients.network import NO_PROCESS, Deadline, UnreachableError
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.words import say

READ = """
import json, os, stat, sys
try:
    opened = os.open(sys.argv[1], os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        raise OSError(22, "no regular file")
    with os.fdopen(opened, "rb") as file:
        print(json.dumps({"text": file.read(int(sys.argv[2])).decode("utf-8", "replace")}))
except OSError as error:
    print(json.dumps({"errno": error.errno}))
"""

_reading = Outstanding()  # one child a file in the whole process


def read_text(path: Path, cap: int, deadline: Deadline) -> str:
    """The first `cap` bytes as text. Raises UnreachableError: ABSENT, FORBIDDEN, SILENT, OURS."""
    try:
        answer = _reading.run(str(path), READ, (str(path), str(cap)), deadline.left())
    except (OSError, ValueError):
        raise UnreachableError(NO_PROCESS) from None
    if answer is None:
        raise UnreachableError(Failure(cause=Cause.SILENT, text=say("file gives no answer")))
    if "text" in answer:
        return str(answer["text"])
    if answer.get("errno") in (errno.ENOENT, errno.ENOTDIR):
        raise UnreachableError(Failure(cause=Cause.ABSENT, text=say("no such file")))
    raise UnreachableError(Failure(cause=Cause.FORBIDDEN, text=say("file cannot be read")))
