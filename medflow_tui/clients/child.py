"""Calls that cannot be cancelled (name resolution, a look at a dead mount), made in a child that can be killed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import Any

RESOLVE = """
import json, socket, sys
host, port = sys.argv[1], int(sys.argv[2])
try:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    print(json.dumps({"addresses": list(dict.fromkeys(each[4][0] for each in found))}))
except OSError as error:
    print(json.dumps({"error": str(error)}))
"""

NEWEST = """
import json, os, sys, time
folder, budget = sys.argv[1], int(sys.argv[2])
newest, seen, complete, stack = 0.0, 0, True, [folder]
try:
    os.stat(folder)
    while stack:
        here = stack.pop()
        with os.scandir(here) as entries:
            for entry in entries:
                seen += 1
                if seen > budget:
                    complete, stack = False, []
                    break
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    newest = max(newest, entry.stat(follow_symlinks=False).st_mtime)
    print(json.dumps({"newest": newest or None, "seen": seen, "complete": complete}))
except OSError as error:
    print(json.dumps({"error": error.strerror or str(error), "errno": error.errno}))
"""


class Outstanding:
    """At most one child for a name at a time; one that cannot be killed (a dead mount) blocks only its own name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def run(
        self, name: str, program: str, arguments: tuple[str, ...], deadline_s: float
    ) -> dict[str, Any] | None:
        """The answer of `program` (Python source that prints one JSON object), or None when it did not end in time."""
        with self._lock:
            before = self._children.get(name)
            if before is not None and before.poll() is None:
                return None
            child = subprocess.Popen(
                [sys.executable, "-I", "-S", "-E", "-c", program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                close_fds=True,
            )
            self._children[name] = child
        try:
            output, _ = child.communicate(timeout=deadline_s)
        except subprocess.TimeoutExpired:
            child.kill()
            if child.stdout is not None:
                child.stdout.close()
            return None
        try:
            answer = json.loads(output)
        except ValueError:
            return {"error": "no answer from the child process"}
        return answer if isinstance(answer, dict) else {"error": "no answer from the child process"}
