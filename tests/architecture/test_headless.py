"""What must start without Textual and without service clients, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "textual",
    "rich",
    "kubernetes",
    "pymongo",
    "smbclient",
    "smbprotocol",
    "redis",
    "httpx",
    "psycopg",
    "aiohttp",
)


def loaded_after(statement: str) -> set[str]:
    """Top-level modules of `HEAVY` that are loaded after a statement."""
    program = f"{statement}\nimport sys\nprint(' '.join(sorted(set(each.partition('.')[0] for each in sys.modules))))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split()) & set(HEAVY)


@pytest.mark.parametrize(
    "module",
    [
        "model.health",
        "rules.judging",
        "config.load",
        "journal.history",
        "locale.language",
        "monitor.poller",
        "monitor.collector",
        "monitor.connection",
        "wiring",
        "cli",
        "ui.present.report",
        "ui.present.rows",
        "ui.commands",
    ],
)
def test_a_headless_module_loads_neither_textual_nor_a_client(module: str) -> None:
    assert loaded_after(f"import medflow_tui.{module}") == set()


# Acting, the lab and the terminal are for POSIX; a supervisor is imported only where the site names it.
POSIX_ONLY = ("lab", "runner", "ui/terminal", "clients/supervisors")
WINDOWS = """
import asyncio, importlib, multiprocessing, os, pathlib, shutil, sqlite3, subprocess, sys, tempfile
for name in ("httpx", "psutil", "pymongo", "redis", "smbclient", "textual.app", "textual.widgets"):
    importlib.import_module(name)  # what these do on another system is their own affair
for name in ("fcntl", "termios", "pwd", "grp", "tty", "pty", "resource", "syslog"):
    sys.modules[name] = None
for name in ("getuid", "geteuid", "getgid", "fork", "setsid", "getppid", "killpg", "chown", "statvfs", "uname", "mkfifo"):
    vars(os).pop(name, None)
failed = []
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except Exception as error:
        failed.append(f"{name}: {type(error).__name__}: {error}")
print(chr(10).join(failed))
"""


def modules() -> list[str]:
    """Every module of the package that must also be there on a Windows server."""
    package = Path(__file__).parents[2] / "medflow_tui"
    found = [each.relative_to(package.parent).with_suffix("") for each in sorted(package.rglob("*.py"))]
    kept = [each for each in found if not str(each.relative_to("medflow_tui")).startswith(POSIX_ONLY)]
    return [str(each).replace("/", ".").removesuffix(".__init__") for each in kept]


def test_every_module_of_looking_is_imported_without_what_windows_lacks() -> None:
    wanted = modules()
    assert {"medflow_tui.cli", "medflow_tui.wiring", "medflow_tui.ui.app", "medflow_tui.probes.host"} <= set(
        wanted
    )
    done = subprocess.run(
        [sys.executable, "-c", WINDOWS, *wanted], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split("\n") == ["", ""]


SITE = (
    '[site]\ncode = "M"\nname = "M"\nenvironment = "lab"\n[target.redis]\naddress = "redis://127.0.0.1:9"\n'
)


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (["check"], {"redis"}),
        (["check", "--json"], {"redis"}),
        (["status", "--plain"], {"redis"}),
        (["config", "check"], set()),
        (["config", "show"], set()),
        (["config", "blame"], set()),
        (["config", "paths"], set()),
        (["playbook", "list"], set()),
        (["playbook", "runs"], set()),
        (["playbook", "lint"], set()),
    ],
)
def test_a_subcommand_loads_only_what_its_site_needs(
    tmp_path: Path, words: list[str], allowed: set[str]
) -> None:
    site = tmp_path / "site.toml"
    site.write_text(SITE)
    arguments = [*words, "--site", str(site), "--state", str(tmp_path / "state")]
    program = (
        "import os, sys, contextlib, io\n"
        "from medflow_tui.cli import run\n"
        "os._exit = lambda code: None\n"
        f"with contextlib.redirect_stdout(io.StringIO()): code = run({arguments!r})\n"
        "print(code, ' '.join(sorted(set(each.partition('.')[0] for each in sys.modules))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    code, *modules = done.stdout.split()
    assert code == ("0" if words[0] in ("config", "status", "playbook") else "2")
    assert set(modules) & set(HEAVY) <= allowed


def test_config_and_check_parse_their_words_without_textual() -> None:
    assert loaded_after("from medflow_tui.cli.arguments import parser; parser()") == set()
