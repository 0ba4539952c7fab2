"""The first site file: a few questions, a file that works, nothing overwritten."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from medflow_tui.config.load import load
from medflow_tui.model.errors import SettingsError
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.cleaning import clean

Ask = Callable[[Phrase, str], str]

_TEMPLATE = """\
# Site file of medflow-tui. `medflow-tui config check` reads it, `config blame` says who set what.
profile = "medflow"

[site]
code = {code}
name = {name}
environment = {environment}
timezone = {timezone}
# A line that is paid by the megabyte, or thin: what it costs, and what probes and a screen may use.
# price_per_mb = 0.05
# currency = "USD"
# budget_mb_per_month = 500
# budget_bytes_per_s = 100     # of one screen; beyond it the screen saves by itself
# budget_mb_per_session = 2
# low_data = true              # begin in low-data mode

# Whom to call: roles are database, network, devices, security, vendor, assistance.
[contacts.assistance]
name = {contact}
phone = {phone}

# A target is watched when it is named here; what is the same everywhere comes from the profile.
[target.backend]
address = {backend}

[target.mongodb]
address = {mongodb}

[target.redis]
address = {redis}

# A service that may be restarted from here; its manager is systemd, pm2, runit, compose, launchd, windows or pidfile.
# Playbooks call it by its name without -process: backend, mongodb, redis. Never write a secret here.
# [target.backend-process]
# kind = "process"
# manager = "systemd"
# unit = "medflow-backend"
# sudo = true                  # give orders by way of sudo -n
# runs_on = "serveur"          # it is on another machine: nothing is restarted from here
# environment_file = "/opt/medflow/backend/.env"   # where its secrets stand: to make everybody log in again
# With manager = "compose": unit is the service of the project, docker_socket the engine's (empty: the usual one).
# compose_project = "medflow"
# docker_socket = "unix:///var/run/docker.sock"
# With manager = "pidfile": the program, its folder, the file for what it prints, who writes the number.
# pid_file = "/run/medflow/backend.pid"
# start = ["/usr/bin/node", "server.js"]
# start_in = "/opt/medflow/backend"
# output = "/var/log/medflow/backend-console.log"
# writes_pid_file = true       # the program writes pid_file itself

[target.host]

[target.backups]
folder = {backups}

[target.log]
paths = [{log}]

# How versions are changed here (playbooks deployment and code-rollback); the service is the process target backend.
# [releases]
# folder = "/opt/medflow/releases"     # one folder a version, each with release.json and SHA256SUMS
# current = "/opt/medflow/current"     # what the service runs from: a symbolic link to one of them
# way = "link"                         # "folder": a plain folder, changed for another by renaming
# shared = "/opt/medflow/shared"       # the site's own files, seen from every version
# kept = [".env", "uploads"]
# install_in = ["backend", "frontend"] # where a package-lock.json is: npm ci
# build_in = "frontend"                # npm run build
# built = "frontend/dist/index.html"
# backup = ["/usr/local/bin/medflow-backup", "daily"]   # taken before anything is stopped; a list, no shell, no secret
# backup_says = ["^backup complete"]   # patterns of what it prints when it went well
# backup_set = "backups/daily"         # where the new one must then lie
"""

QUESTIONS: tuple[tuple[str, Phrase, str], ...] = (
    ("code", say("short code of the site, as on the server's label"), "MATRIX"),
    ("name", say("name of the site"), "Matrix Kinshasa"),
    ("environment", say("production, drill or lab"), "production"),
    ("timezone", say("time zone"), "Africa/Kinshasa"),
    ("contact", say("whom to call when in doubt"), ""),
    ("phone", say("their telephone"), ""),
    ("backend", say("address of the backend"), "http://127.0.0.1:5001"),
    ("mongodb", say("address of MongoDB, without password"), "mongodb://127.0.0.1:27017"),
    ("redis", say("address of Redis, without password"), "redis://127.0.0.1:6379/0"),
    ("backups", say("folder of the backups"), "/var/backups/medflow"),
    ("log", say("log file of the backend"), "/var/log/medflow/combined.log"),
)


def quote(text: str) -> str:
    """A TOML basic string.

    >>> quote('a "b"')
    '"a \\\\"b\\\\""'
    """
    escaped = clean(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def write_first_site(path: Path, ask: Ask) -> Path:
    """Ask, write the file beside its place, check it, and only then give it its name. Raises SettingsError.

    `ask` raises EOFError when there is nobody to answer: then nothing is written.
    """
    if path.exists():
        raise SettingsError(say("{file} exists already; nothing was changed", file=str(path)))
    try:
        answers = {key: quote(ask(each, default).strip() or default) for key, each, default in QUESTIONS}
    except EOFError as error:
        raise SettingsError(
            say("{file}: not every question was answered, so nothing was written", file=str(path))
        ) from error
    draft = path.with_name(path.name + ".draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(_TEMPLATE.format(**answers), encoding="utf-8")
        load(draft)
        _name(draft, path)
    except OSError as error:
        raise SettingsError(
            say("{file}: cannot be written: {why}", file=str(path), why=error.strerror or "?")
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink()
    return path


def _name(draft: Path, path: Path) -> None:
    """Give the draft its name, never that of a file that came meanwhile; some file systems have no links."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except (OSError, AttributeError):
        draft.rename(path)
