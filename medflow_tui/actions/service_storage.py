"""How MongoDB keeps its data, measured before it is restarted: its journal, and the room where the data lies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from medflow_tui.clients.mongodb import Connection, Reached, connected
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Fact
from medflow_tui.model.errors import SecretError

ASK_S, MIB = 8.0, 1 << 20
ALWAYS_ON = (6, 1)  # from this version the journal cannot be switched off
DB_PATH = re.compile(r"^\s*dbPath\s*[:=]\s*[\"']?([^\"'#\n]+?)[\"']?\s*$", re.MULTILINE | re.IGNORECASE)
LARGEST_CONFIG = 1 << 20


def of_storage(target: Reached, pid: int, tools: Tools) -> dict[str, Fact]:
    """`db_journal` and `db_free_mib`; what nobody tells is missing.

    A server that does not answer is asked nothing: the room is then that of the folder which its process was given.
    """
    try:
        with connected(target, tools, Deadline.after(ASK_S)) as connection:
            options = _parsed(connection)
            journal, free = _journal(connection, options), _free(connection)
    except (UnreachableError, SecretError):
        options, journal, free = {}, None, None
    if free is None:
        free = free_at(str(options.get("dbPath") or "") or data_path(_command(pid)))
    facts: dict[str, Fact] = {}
    if journal is not None:
        facts["db_journal"] = journal
    if free is not None:
        facts["db_free_mib"] = free // MIB
    return facts


def _parsed(connection: Connection) -> Mapping[str, Any]:
    """The storage part of its options; it is not told to every account, and nothing else of it is looked at."""
    told = (connection.ask_if_told("getCmdLineOpts") or {}).get("parsed")
    storage = told.get("storage") if isinstance(told, Mapping) else None
    return storage if isinstance(storage, Mapping) else {}


def _journal(connection: Connection, options: Mapping[str, Any]) -> bool | None:
    engine = (connection.ask_if_told("serverStatus") or {}).get("storageEngine")
    if isinstance(engine, Mapping) and engine.get("persistent") is False:
        return False
    set_to = options.get("journal")
    if isinstance(set_to, Mapping) and isinstance(set_to.get("enabled"), bool):
        return bool(set_to["enabled"])
    version = (connection.ask_if_told("buildInfo") or {}).get("versionArray")
    if isinstance(version, Sequence) and tuple(version[:2]) >= ALWAYS_ON:
        return True
    return True if options else None  # its options are told and name no journal: it is on by default


def _free(connection: Connection) -> int | None:
    """Bytes free where the data is, by the server's own word."""
    stats = connection.ask_if_told("dbStats", own=True) or {}
    total, used = stats.get("fsTotalSize"), stats.get("fsUsedSize")
    if not isinstance(total, int | float) or not isinstance(used, int | float) or total <= 0:
        return None
    return max(0, int(total - used))


def _command(pid: int) -> Sequence[str]:
    try:
        return psutil.Process(pid).cmdline() if pid else ()
    except (psutil.Error, OSError):
        return ()


def data_path(command: Sequence[str]) -> str:
    """The folder of the data, from the command line of mongod or the file that it names; empty when neither tells.

    >>> data_path(("mongod", "--port", "27017", "--dbpath", "/srv/mongodb"))
    '/srv/mongodb'
    >>> data_path(("mongod", "--dbpath=/srv/mongodb", "--fork"))
    '/srv/mongodb'
    """
    given = _option(command, "--dbpath")
    config = _option(command, "--config", "-f")
    if given or not config:
        return given
    try:
        path = Path(config)
        text = path.read_text(encoding="utf-8", errors="replace") if _is_small(path) else ""
    except OSError:
        return ""
    found = DB_PATH.search(text)
    return found[1].strip() if found else ""


def _is_small(path: Path) -> bool:
    return path.is_file() and path.stat().st_size <= LARGEST_CONFIG


def _option(command: Sequence[str], *names: str) -> str:
    for place, word in enumerate(command):
        name, has_value, value = word.partition("=")
        if name in names:
            return value if has_value else next(iter(command[place + 1 : place + 2]), "")
    return ""


def free_at(path: str) -> int | None:
    """Bytes free at a folder of this machine; None when there is none such."""
    try:
        return psutil.disk_usage(path).free if path else None
    except OSError:
        return None
