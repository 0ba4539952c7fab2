"""Puts versions of MedFlow into service and takes them back: code only, apart from data."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from medflow_tui.actions.releases_looks import Look, Options, Seen
from medflow_tui.actions.releases_making import Build, Clean, Install
from medflow_tui.actions.releases_script import Script, ScriptBack
from medflow_tui.actions.releases_survey import survey
from medflow_tui.actions.releases_switching import Switch, SwitchBack
from medflow_tui.actions.releases_yard import PerVersion, Yard
from medflow_tui.clients.tools import Tools
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.performer import Login, Performer, Survey
from medflow_tui.model.releases import LINK, Deployment
from medflow_tui.model.site import Site
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import say
from medflow_tui.rules.services import service_name


class ReleasesCrew:
    """What the playbooks of versions need of this machine."""

    def __init__(self, yard: Yard) -> None:
        self._yard = yard
        self._performers: dict[str, Performer] = {
            "releases.candidates": Options(yard, "candidates"),
            "releases.built": Options(yard, "built"),
            "releases.scripts": Options(yard, "scripts"),
            "releases.look": Look(yard),
            "releases.install": PerVersion(yard, Install),
            "releases.build": PerVersion(yard, Build),
            "releases.clean": PerVersion(yard, Clean),
            "releases.script": PerVersion(yard, Script),
            "releases.script_back": PerVersion(yard, ScriptBack),
            "releases.switch": PerVersion(yard, Switch),
            "releases.switch_back": PerVersion(yard, SwitchBack),
            "releases.in_service": Seen(yard),
        }

    def __enter__(self) -> ReleasesCrew:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing stays open between two looks."""

    def survey(self) -> Survey:
        return survey(self._yard)

    def performer(self, action: str) -> Performer | None:
        return self._performers.get(action)


def crew(site: Site, tools: Tools, login: Login | None) -> ReleasesCrew:
    """The crew at this site. Raises RefusedError when versions cannot be changed from here."""
    deployment = site.releases
    if not deployment.folder or not deployment.current:
        raise RefusedError(
            say("the site file has no table [releases]: it does not say where versions are kept")
        )
    processes = (each for each in site.targets if isinstance(each, ProcessTarget) and each.enabled)
    target = next((each for each in processes if service_name(each.name) == deployment.service), None)
    if target is None:
        raise RefusedError(say("this site names no process: there is no service to act on"))
    if target.runs_on:
        raise RefusedError(
            say("not applicable here: versions are changed on {host}, where it runs", host=target.runs_on)
        )
    if sys.platform == "win32" and deployment.way == LINK:
        raise RefusedError(say("not applicable here: on Windows the site file says way = folder"))
    return ReleasesCrew(Yard(deployment=rooted(deployment, site.folder), target=target, tools=tools))


def rooted(deployment: Deployment, folder: str) -> Deployment:
    """With whole paths: those of a site file begin where it lies.

    >>> rooted(Deployment(folder="releases", current="/opt/medflow"), "/etc/site").folder
    '/etc/site/releases'
    """

    def whole(path: str) -> str:
        return str(Path(folder, path).absolute()) if path else ""

    return replace(
        deployment,
        folder=whole(deployment.folder),
        current=whole(deployment.current),
        shared=whole(deployment.shared),
    )
