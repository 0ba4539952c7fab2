"""Looks at versions: which may be chosen, whether one is whole to the last byte, and which one really runs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import psutil

from medflow_tui.actions.looking import Looking, unreadable
from medflow_tui.actions.programs import write_whole
from medflow_tui.actions.releases_survey import all_releases, present_data
from medflow_tui.actions.releases_yard import Yard, version_of
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.releases import LOCK, differing, git_fault, glance, loads, node_version, read_sums
from medflow_tui.clients.supervisors import supervisor
from medflow_tui.model.canonical import Fact
from medflow_tui.model.errors import MedflowError
from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.releases import Manifest
from medflow_tui.model.words import say
from medflow_tui.rules.release_guards import fault_said
from medflow_tui.rules.releases import NONE, UNSTATED, data_fault, fits, is_sealed_with

LOOK_S, NODE_S, LOAD_S, MARGIN_S = 20.0, 10.0, 90.0, 5.0
SHORT, SHOWN, SCRIPT = 8, 3, "script.txt"


class Options(Looking):
    """What may be chosen: versions that are whole and not in service, or scripts that they bring."""

    def __init__(self, yard: Yard, what: str) -> None:
        self._yard, self._what = yard, what

    def verify(self, task: Task) -> Finding:
        try:
            releases, now = all_releases(self._yard), self._yard.place.version()
        except OSError as error:
            return Finding(outcome=Outcome.UNKNOWN, said=say("{why}", why=error.strerror or "?"))
        whole = [each for each in releases if not each.fault and each.manifest and each.name != now]
        unstated: tuple[str, ...] = ()
        match self._what:
            case "scripts":
                names = {name for each in whole if each.manifest for name in each.manifest.scripts}
                found = (NONE, *sorted(names))
            case "built":
                data = present_data(self._yard, releases)
                faults = {
                    each.name: data_fault(each.manifest, data)
                    for each in whole
                    if each.is_ready and each.manifest
                }
                found = tuple(name for name, fault in faults.items() if fault in ("", *UNSTATED))
                unstated = tuple(name for name in found if faults[name])
            case _:
                found = tuple(each.name for each in whole)
        said = say("{n:number} versions are not whole", n=sum(bool(each.fault) for each in releases))
        if unstated:
            said = said.also(
                say("not known whether these can read the present data: {names}", names=", ".join(unstated))
            )
        return Finding(outcome=Outcome.PASS, said=said, facts={"options": found})


class Look(Looking):
    """Reads every file of a version; with `ready` in its arguments also loads what is installed. Lays the script open."""

    def __init__(self, yard: Yard) -> None:
        self._yard = yard

    def verify(self, task: Task) -> Finding:
        version = version_of(task.step.args)
        release = self._yard.place.release(version)
        glanced = glance(release, version)
        manifest = glanced.manifest
        if glanced.fault or manifest is None:
            return Finding(outcome=Outcome.FAIL, said=fault_said(glanced.fault))
        try:
            fault = self._fault(release, manifest, task)
        except TimeoutError:
            return Finding(outcome=Outcome.UNKNOWN, said=say("it could not be read to its end in time"))
        except UnreachableError as error:
            return unreadable(error)
        if fault:
            return Finding(outcome=Outcome.FAIL, said=fault_said(fault))
        found = self._node(version, manifest, loading=bool(task.step.args.get("ready")))
        if found.outcome is not Outcome.PASS:
            return found
        facts: dict[str, Fact] = {
            **found.facts,
            "files": manifest.files,
            "commit": manifest.commit,
            "commit_short": manifest.commit[:SHORT],
            "writes": manifest.writes,
        }
        try:
            facts |= self._script(task, release, manifest)
        except (OSError, MedflowError):
            return Finding(
                outcome=Outcome.FAIL, said=say("the script cannot be laid into the folder of the run")
            )
        said = say("{version}: {n:number} files, each as written down", version=version, n=manifest.files)
        return Finding(outcome=Outcome.PASS, said=said, facts=facts)

    def _fault(self, release: Path, manifest: Manifest, task: Task) -> str:
        deadline = Deadline.after(max(task.step.timeout_s - MARGIN_S, 1.0))
        if next(differing(release, deadline), ""):
            return "files-differ"
        if not all((each / LOCK).is_file() for each in self._yard.app_folders(release.name) if each.is_dir()):
            return "no-lock"
        made = self._yard.deployment
        is_built_here = bool(made.build_in and made.built) and not task.step.args.get("ready")
        if is_built_here and is_sealed_with(made.built, read_sums(release) or ()):
            return "built-sealed"
        return git_fault(release, manifest, deadline)

    def _node(self, version: str, manifest: Manifest, *, loading: bool) -> Finding:
        here = node_version(Deadline.after(NODE_S))
        is_fit = fits(manifest.node, here)
        if not is_fit:
            said = say(
                "{version} needs Node {wanted}, here is {here}",
                version=version,
                wanted=manifest.node,
                here=here or "?",
            )
            return Finding(outcome=Outcome.UNKNOWN if is_fit is None else Outcome.FAIL, said=said)
        facts: dict[str, Fact] = {"node": here}
        if not loading:
            return Finding(outcome=Outcome.PASS, facts=facts)
        return loaded(self._yard.app_folders(version)[0], facts)

    def _script(self, task: Task, release: Path, manifest: Manifest) -> dict[str, Fact]:
        """The script as it is, for people to read before they agree, and its hash, so that it is that one which runs."""
        name = str(task.step.args.get("script", NONE))
        if name == NONE:
            return {"script_lines": 0}
        content = (release / manifest.scripts[name]).read_bytes() if name in manifest.scripts else None
        if content is None:
            raise FileNotFoundError(name)
        text = content.decode("utf-8", "replace")
        write_whole(self._yard.tools, task, SCRIPT, text)
        return {"script_lines": len(text.splitlines()), "script_sha256": hashlib.sha256(content).hexdigest()}


def loaded(folder: Path, facts: dict[str, Fact]) -> Finding:
    """Whether every dependency of a package can be loaded by the Node of this machine."""
    told = loads(folder, Deadline.after(LOAD_S))
    if told is None:
        return Finding(
            outcome=Outcome.UNKNOWN,
            said=say("not known whether Node can load what is installed"),
            facts=facts,
        )
    wanted, failed = told
    facts = {**facts, "packages_wanted": wanted, "packages_unloadable": len(failed)}
    if failed:
        said = say(
            "{n:number} of {wanted:number} packages cannot be loaded: {names}",
            n=len(failed),
            wanted=wanted,
            names=", ".join(failed[:SHOWN]),
        )
        return Finding(outcome=Outcome.FAIL, said=said, facts=facts)
    return Finding(outcome=Outcome.PASS, said=say("{n:number} packages load", n=wanted), facts=facts)


class Seen(Looking):
    """Which version the process of the service really runs: the folder in which it stands, not what a link says now."""

    def __init__(self, yard: Yard) -> None:
        self._yard = yard

    def verify(self, task: Task) -> Finding:
        wanted, place = version_of(task.step.args), self._yard.place
        now = place.version()
        if now != wanted:
            return Finding(outcome=Outcome.FAIL, said=say("in place is {version}", version=now or "?"))
        try:
            pid = supervisor(self._yard.target).look(Deadline.after(LOOK_S)).pid
        except UnreachableError as error:
            return unreadable(error)
        if not pid:
            return Finding(outcome=Outcome.FAIL, said=say("the service does not run"))
        try:
            process = psutil.Process(pid)
            stands = os.path.realpath(process.cwd())
            line, started = process.cmdline(), process.create_time()
        except (psutil.Error, OSError):
            return Finding(outcome=Outcome.UNKNOWN, said=say("not known which version the process runs"))
        facts: dict[str, Fact] = {"pid": pid}
        version = self._version_at(stands)
        if version:
            outcome = Outcome.PASS if version == wanted else Outcome.FAIL
            return Finding(
                outcome=outcome, said=say("the process runs {version}", version=version), facts=facts
            )
        if (
            any(each.startswith(self._yard.deployment.current) for each in line)
            and started >= self._switched_at()
        ):
            said = say("the process was started from {version} after the switch", version=wanted)
            return Finding(outcome=Outcome.PASS, said=said, facts=facts)
        return Finding(
            outcome=Outcome.UNKNOWN, said=say("not known which version the process runs"), facts=facts
        )

    def _version_at(self, stands: str) -> str:
        for each in all_releases(self._yard):
            folder = os.path.realpath(self._yard.place.release(each.name))
            if stands == folder or stands.startswith(folder + os.sep):
                return each.name
        return ""

    def _switched_at(self) -> float:
        try:
            return Path(self._yard.deployment.current).lstat().st_ctime
        except OSError:
            return float("inf")
