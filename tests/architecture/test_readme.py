"""The README says what is true: its keys are those that are declared, and its commands are the ones that CI runs."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from medflow_tui.config.load import load
from medflow_tui.locale.language import Language
from medflow_tui.model.releases import Deployment
from medflow_tui.ui.commands import COMMANDS, shown_key

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def key_table() -> str:
    """The table of keys as it must stand in the README."""
    language = Language("en")
    rows = ["| keys | what | where |", "|---|---|---|"]
    for each in COMMANDS:
        keys = " ".join(f"`{shown_key(key)}`" for key in each.keys)
        rows.append(f"| {keys} | {language.say(each.help)} | {', '.join(each.places) or 'everywhere'} |")
    return "\n".join(rows).replace("`|`", "`\\|`")


def between(begin: str, end: str) -> str:
    return README.partition(begin)[2].partition(end)[0].strip()


def test_the_table_of_keys_is_the_declared_one() -> None:
    assert between("<!-- keys -->", "<!-- end keys -->") == key_table()


def test_ci_runs_the_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "README.md" in script
    assert "pytest" in between("<!-- tests -->", "<!-- end -->")


def test_every_link_to_a_file_leads_somewhere() -> None:
    for name in re.findall(
        r"\]\(([^)#:]+)\)", README + (ROOT / "medflow_tui" / "README.md").read_text(encoding="utf-8")
    ):
        assert (ROOT / name).exists(), name


def test_the_site_file_in_the_readme_is_in_order(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    assert tomllib.loads(text)
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    site = load(path).site
    assert site.code == "MATRIX"
    assert len(site.targets) == 11
    assert len(text.splitlines()) <= 45


def test_the_table_of_releases_in_the_readme_is_in_order_and_names_every_key(tmp_path: Path) -> None:
    text = between("### Versions", "### A line").partition("    [releases]")[2]
    table = tomllib.loads(text.partition("\n\n")[0])
    assert set(table) == {each.name for each in fields(Deployment)}
    path = tmp_path / "site.toml"
    path.write_text(
        '[site]\ncode = "M"\nname = "M"\nenvironment = "lab"\n[target.host]\n[releases]\n'
        + text.partition("\n\n")[0]
    )
    assert load(path).site.releases.backup_set == "backups/daily"


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["check", "--help"],
        ["config", "--help"],
        ["lab", "--help"],
        ["release", "--help"],
        ["--version"],
    ],
)
def test_the_command_line_explains_itself(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "medflow_tui", *words], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0
    assert "medflow-tui" in done.stdout
