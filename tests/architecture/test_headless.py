"""What must start without Textual and without service clients, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

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


def test_config_and_check_parse_their_words_without_textual() -> None:
    assert loaded_after("from medflow_tui.cli import parser; parser()") == set()
