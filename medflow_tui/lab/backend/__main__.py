"""`python -m medflow_tui.lab.backend SETTINGS`, with SETTINGS a JSON file (see `Service`)."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

from aiohttp import web

from medflow_tui.lab.backend.application import make
from medflow_tui.lab.ports import HOST


def main() -> None:
    settings = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    logging.getLogger("aiohttp").setLevel(logging.ERROR)
    web.run_app(
        make(settings), host=HOST, port=settings["port"], print=None, access_log=None, shutdown_timeout=1
    )


if __name__ == "__main__":
    main()
