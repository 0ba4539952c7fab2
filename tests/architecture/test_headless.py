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
        "wiring",
        "cli",
        "ui.present.report",
        "ui.present.rows",
        "ui.commands",
    ],
)
def test_a_headless_module_loads_neither_textual_nor_a_client(module: str) -> None:
    assert loaded_after(f"import medflow_tui.{module}") == set()


@pytest.mark.parametrize("module", ["wiring", "cli", "monitor.poller", "journal.history", "config.load"])
def test_looking_loads_no_module_that_windows_lacks(module: str) -> None:
    program = (
        "import sys\n"
        "for name in ('fcntl', 'termios', 'pwd', 'tty', 'grp'): sys.modules[name] = None\n"
        f"import medflow_tui.{module}"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


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
    assert code == ("0" if words[0] in ("config", "status") else "2")
    assert set(modules) & set(HEAVY) <= allowed


def test_config_and_check_parse_their_words_without_textual() -> None:
    assert loaded_after("from medflow_tui.cli import parser; parser()") == set()
