"""What a site file does not say, and a playbook cannot do without."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medflow_tui.model.releases import Deployment
from medflow_tui.model.site import Site
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.playbooks.load import shipped
from medflow_tui.playbooks.shelf import load_trusted
from medflow_tui.rules.reach import lacking

BOOKS = {each.id: each for each in map(load_trusted, sorted(shipped().glob("*.toml")))}
NEEDY = {"deployment": "[releases]", "code-rollback": "[releases]", "log-everybody-out": "environment_file"}


def bare() -> Site:
    return Site(code="LSH", name="Lubumbashi", environment="lab", profile="medflow")


@pytest.mark.parametrize("name", sorted(BOOKS))
def test_only_those_that_need_it_say_what_a_bare_site_file_lacks(name: str) -> None:
    assert NEEDY.get(name, "") in lacking(BOOKS[name], bare()).text
    assert bool(lacking(BOOKS[name], bare())) is (name in NEEDY)


@pytest.mark.parametrize("name", sorted(NEEDY))
def test_nothing_lacks_where_the_site_file_says_it(name: str) -> None:
    backend = ProcessTarget(name="backend", manager="pm2", unit="x", environment_file="/srv/medflow/.env")
    whole = replace(bare(), releases=Deployment(folder="/srv/releases"), targets=(backend,))
    assert not lacking(BOOKS[name], whole)
