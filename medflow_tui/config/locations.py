"""Where files are: the site file, the state folder, the run-time folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

APP = "medflow_tui"
SITE_FILE = "site.toml"
ENV_SITE, ENV_STATE, ENV_LANG = "MEDFLOW_TUI_CONFIG", "MEDFLOW_TUI_STATE", "MEDFLOW_TUI_LANG"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One place where a site file may be: where it was named (option, environment, user, system) and its path."""

    origin: str
    path: Path


def site_candidates(option: str | None, environ: Mapping[str, str] = os.environ) -> tuple[Candidate, ...]:
    """The places in the order in which they are tried; a named one (option, environment) is the only one."""
    if option:
        return (Candidate(origin="--site", path=Path(option)),)
    if environ.get(ENV_SITE):
        return (Candidate(origin=ENV_SITE, path=Path(environ[ENV_SITE])),)
    import platformdirs  # takes longer than a named place is worth

    return (
        Candidate(origin="user", path=Path(platformdirs.user_config_dir(APP)) / SITE_FILE),
        Candidate(origin="system", path=system_folder() / SITE_FILE),
    )


def system_folder() -> Path:
    """`/etc/medflow_tui`, or what stands for it on this system."""
    if os.name == "posix":
        return Path("/etc") / APP
    import platformdirs

    return Path(platformdirs.site_config_dir(APP))


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """History, audit, runs and the program's own log. A shared /var/lib/medflow_tui wins where we may write it."""
    if environ.get(ENV_STATE):
        return Path(environ[ENV_STATE])
    shared = Path("/var/lib") / APP
    if shared.is_dir() and os.access(shared, os.W_OK):
        return shared
    import platformdirs

    return Path(platformdirs.user_state_dir(APP))


def config_folder() -> Path:
    """What this user alone has set up."""
    import platformdirs

    return Path(platformdirs.user_config_dir(APP))


def profile_folder() -> Path:
    """The profiles shipped with the program."""
    return Path(__file__).with_name("profiles")
