"""A server of SMB shares for guests: quicksand-smb behind a small TCP server, run as a process of its own.

`python -m medflow_tui.lab.smb SETTINGS` with SETTINGS a JSON file `{"port": n, "shares": {name: folder}}`.
"""

from __future__ import annotations

import json
import socketserver
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from medflow_tui.lab.ports import HOST


class Connection(socketserver.BaseRequestHandler):
    """One client; the protocol is quicksand-smb's."""

    def handle(self) -> None:
        from quicksand_smb import serve_socket

        assert isinstance(self.server, Shares)
        with suppress(OSError, EOFError):
            serve_socket(self.request, self.server.shares)


class Shares(socketserver.ThreadingTCPServer):
    """Listens for clients, one thread each."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, shares: Any) -> None:
        self.shares = shares
        super().__init__((HOST, port), Connection)


def main() -> None:
    from quicksand_smb import ShareConfig, SMBConfig

    settings = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    shares = {
        name: ShareConfig(host_path=folder, readonly=True) for name, folder in settings["shares"].items()
    }
    with Shares(settings["port"], SMBConfig(shares=shares)) as server:
        server.serve_forever(poll_interval=5)


if __name__ == "__main__":
    main()
