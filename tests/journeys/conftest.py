"""One clinic in a box for each test worker, calm at the beginning of every test that asks for it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.servers.lab import RunningLab, end_lab, start_lab


@pytest.fixture(scope="session")
def one_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    """Started when the first test of this worker wants it, ended with the worker."""
    running = start_lab(tmp_path_factory.mktemp("clinic"))
    try:
        yield running
    finally:
        end_lab(running)


@pytest.fixture
def clinic(one_lab: RunningLab) -> Iterator[RunningLab]:
    """The lab with nothing broken, before and after, and still the one that we started."""
    facts = json.loads((one_lab.folder / "lab.json").read_text())
    assert facts["identity"] == one_lab.facts["identity"]
    assert facts["pid"] == one_lab.process.pid
    one_lab.order("mend", "all")
    try:
        yield one_lab
    finally:
        one_lab.order("mend", "all")
