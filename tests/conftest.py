"""What every test shares: a clean environment, and the rule that a missing server is a failure on CI."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

for _name in (
    "NO_COLOR",
    "TEXTUAL_THEME",
    "TEXTUAL_FPS",
    "MEDFLOW_TUI_CONFIG",
    "MEDFLOW_TUI_STATE",
    "MEDFLOW_TUI_LANG",
    "SSH_CONNECTION",
):
    os.environ.pop(_name, None)
os.environ.update({"TZ": "UTC", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "TEXTUAL_ANIMATIONS": "none"})

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # begun in the background of a shell: programs would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--install", action="store_true", help="install the Debian packages that the tests want (root)"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real_server: needs a server that is not on PyPI (Debian, npm)")
    wanted = config.getoption("--install") or os.environ.get("CI") == "true"
    if wanted and not hasattr(config, "workerinput"):
        from tests.servers.install import install_debian_packages

        install_debian_packages()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("CI") == "true" and item.get_closest_marker("real_server"):
        report.outcome = "failed"
        report.longrepr = f"skipped although CI=true: {report.longrepr}"


@pytest.fixture(autouse=True)
def no_file_is_left_append_only(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run by root, an audit of a production site is append-only: its temporary folder could never be removed."""
    folder: Path | None = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    if folder is None or os.name != "posix" or os.geteuid() != 0:
        return
    for path in folder.rglob("audit*.jsonl"):
        from medflow_tui.journal.auditing.attributes import set_append_only

        if path.is_file():
            with path.open("rb") as file:
                set_append_only(file.fileno(), on=False)
