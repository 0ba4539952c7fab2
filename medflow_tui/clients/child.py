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

# Files moved away while it looks are passed over: what imports them does that. Those dated after `until` are counted.
NEWEST = """
import json, os, sys, time
folder, budget, until = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
ends = time.monotonic() + float(sys.argv[4])
own = ("thumbs.db", "desktop.ini", ".ds_store")
newest, seen, ahead, complete, stack = 0.0, 0, 0, True, [folder]
try:
    os.stat(folder)
    while stack:
        here = stack.pop()
        try:
            entries = os.scandir(here)
        except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
            if here == folder:
                raise
            complete = complete and not isinstance(error, PermissionError)
            continue
        with entries:
            for entry in entries:
                seen += 1
                if seen > budget or time.monotonic() > ends:
                    complete, stack = False, []
                    break
                try:
                    if entry.is_dir(follow_symlinks=False):
                        stack.append(entry.path)
                    elif entry.is_file(follow_symlinks=False) and entry.name.lower() not in own:
                        written = entry.stat(follow_symlinks=False).st_mtime
                        ahead += written > until
                        newest = max(newest, written if written <= until else 0.0)
                except FileNotFoundError:
                    continue
    print(json.dumps({"newest": newest or None, "seen": seen, "ahead": ahead, "complete": complete}))
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
