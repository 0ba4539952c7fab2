"""A child process that answers one JSON line for each JSON line, and can be left behind when it does not."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[2]
START = "import sys; sys.path.insert(0, sys.argv[1]); from {module} import main; main()"


class TalkingChild:
    """At most one child at a time: one that does not answer is killed, and while it cannot die no other is started.

    The child ends by itself when its input ends: when it is dismissed, or when this program is gone.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._child: subprocess.Popen[bytes] | None = None
        self._killed = False
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def ask(self, question: dict[str, Any], within_s: float) -> dict[str, Any] | None:
        """The answer, or None when there was none in time. Raises OSError when no child can be started."""
        child = self._ready()
        if child is None or child.stdin is None:
            return None
        try:
            child.stdin.write(json.dumps(question).encode() + b"\n")
            child.stdin.flush()
            answer = json.loads(self._answers.get(timeout=max(0.01, within_s)))
        except (queue.Empty, OSError, ValueError):
            self._kill(child)
            return None
        return answer if isinstance(answer, dict) else None

    def dismiss(self) -> None:
        """Lets the child end; it has nothing left to do."""
        child = self._child
        if child is None or child.stdin is None or self._killed:
            return
        with contextlib.suppress(OSError):
            child.stdin.close()
        try:
            child.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            self._kill(child)
            return
        self._child = None

    def _ready(self) -> subprocess.Popen[bytes] | None:
        if self._child is not None and self._child.poll() is None:
            return None if self._killed else self._child
        self._killed = False
        self._answers = queue.SimpleQueue()
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-E", "-c", START.format(module=self._module), str(PACKAGE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            close_fds=True,
        )
        threading.Thread(target=_listen, args=(self._child, self._answers), daemon=True).start()
        return self._child

    def _kill(self, child: subprocess.Popen[bytes]) -> None:
        self._killed = True
        child.kill()
        if child.stdin is not None:
            with contextlib.suppress(OSError):
                child.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=0.2)


def _listen(child: subprocess.Popen[bytes], answers: queue.SimpleQueue[bytes]) -> None:
    """Runs in a thread of its own, because a pipe cannot be waited for with a limit on every system."""
    if child.stdout is None:
        return
    with child.stdout as lines:
        for line in lines:
            answers.put(line)
    answers.put(b"")
