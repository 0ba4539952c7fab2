"""What is installed: a wheel holds the style sheets, the profiles, the playbooks and the compiled French."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.mark.parametrize(
    "name",
    [
        "medflow_tui/styles/base.tcss",
        "medflow_tui/styles/dashboard.tcss",
        "medflow_tui/config/profiles/medflow.toml",
        "medflow_tui/playbooks/device-sync-failure.toml",
        "medflow_tui/locale/fr/LC_MESSAGES/medflow_tui.mo",
        "medflow_tui/journal/history.sql",
        "medflow_tui/monitor/medflow-tui-collect.service",
    ],
)
def test_the_wheel_holds_what_is_read_at_run_time(names: set[str], name: str) -> None:
    assert name in names


def test_the_wheel_holds_nothing_else(names: set[str]) -> None:
    assert [each for each in names if not each.startswith(("medflow_tui/", "medflow_tui-"))] == []
    assert [each for each in names if "/tests/" in each] == []


def test_it_is_compiled_as_it_is_installed(wheel: Path, tmp_path: Path) -> None:
    """By the pip of the Python that this environment was made from; README's other way, uv, has to be told to."""
    pip = [str(Path(sys.base_prefix) / "bin" / "python3"), "-m", "pip"]
    folder = tmp_path / "installed"
    made = subprocess.run(
        [
            *pip,
            "install",
            "--quiet",
            "--no-deps",
            "--disable-pip-version-check",
            "--target",
            str(folder),
            str(wheel),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert made.returncode == 0, made.stderr
    sources = {each.stem for each in (folder / "medflow_tui" / "ui").glob("*.py")}
    compiled = {
        each.name.partition(".")[0] for each in (folder / "medflow_tui" / "ui" / "__pycache__").iterdir()
    }
    assert compiled == sources
