"""A dry run of every shipped playbook at the lab's real servers: nothing is sent that changes anything, nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from medflow_tui.model.errors import RefusedError
from medflow_tui.playbooks.load import shipped
from medflow_tui.runner.dispatch import Dispatch
from medflow_tui.wiring import Options, open_settings, tools_for
from medflow_tui.wiring.acting import dispatch_for
from tests.servers.lab import HOST, RunningLab
from tests.servers.queue_scene import FAULT, changes, valkey

pytestmark = pytest.mark.xdist_group("lab")
NAMES = sorted(each.stem for each in shipped().glob("*.toml"))
CHOICES = {"hours": "6", "version": "2.4.0", "script": "none"}
NO_VERSIONS = "the site file has no table [releases]: it does not say where versions are kept"
NOT_HERE = {
    "code-rollback": NO_VERSIONS,
    "deployment": NO_VERSIONS,
    "log-everybody-out": "the site file does not name the environment file of the backend",
}
"""What the lab does not have: the refusal must name it."""
OWN = ("budget", "backups-read")
"""What any look leaves in the state folder: how much of the backend's patience it used, which backups were read."""


@pytest.fixture
def still(clinic: RunningLab) -> RunningLab:
    """Nobody works on the queue, so that nothing moves by itself."""
    clinic.order("break", FAULT)
    return clinic


def stand(lab: RunningLab) -> dict[str, Any]:
    """Processes, calls that were no GET, every key of Redis and every document of MongoDB."""
    client = valkey(lab)
    with MongoClient[dict[str, Any]](HOST, lab.port("mongodb"), directConnection=True) as documents:
        database = documents["medflow"]
        return {
            "processes": lab.everything,
            "calls": changes(lab),
            "redis": {name: client.dump(name) for name in sorted(client.scan_iter())},
            **{name: list(database[name].find()) for name in sorted(database.list_collection_names())},
        }


def desk(lab: RunningLab, state: Path) -> Dispatch:
    settings = open_settings(Options(site=str(lab.folder / "site.toml"), state=str(state)))
    found = dispatch_for(settings.site, state, tools_for(settings.site, state))
    assert found is not None
    return found


def test_no_playbook_changes_anything_anywhere(still: RunningLab, tmp_path: Path) -> None:
    state = tmp_path / "state"
    dispatch = desk(still, state)
    assert [each.id for each in dispatch.playbooks] == NAMES
    before, refused, found = stand(still), dict[str, str](), dict[str, object]()
    for playbook in dispatch.playbooks:
        try:
            dispatch.rehearse(playbook, {each.id: CHOICES[each.id] for each in playbook.inputs})
        except RefusedError as error:
            refused[playbook.id] = str(error)
        after = stand(still)
        found |= {f"{playbook.id} {each}": value for each, value in after.items() if value != before[each]}
        left = [each for each in state.rglob("*") if each.is_file() and not each.name.startswith(OWN)]
        found |= {f"{playbook.id} {each.relative_to(state)}": each.stat().st_size for each in left}
    assert found == {}
    assert refused == NOT_HERE
