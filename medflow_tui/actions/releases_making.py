"""Installs and builds a version beside the one in service; what npm says is never believed, what lies there is looked at."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from medflow_tui.actions.looking import failed
from medflow_tui.actions.releases_looks import loaded
from medflow_tui.actions.releases_yard import Yard, somebody_works_in, version_of
from medflow_tui.clients.network import Deadline
from medflow_tui.clients.release_seal import replace_shared
from medflow_tui.clients.releases import (
    LOCK,
    READY,
    SUMS,
    digest_of,
    glance,
    node_version,
    read_json,
    read_sums,
    versions_in,
)
from medflow_tui.model.canonical import Fact, Facts
from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.playbook import Expect
from medflow_tui.model.procedure import NO_FACTS, Outcome
from medflow_tui.model.releases import LINK
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.release_guards import fault_said
from medflow_tui.rules.releases import lacking

NODE_S, SHOWN = 10.0, 3
INSTALLED = Expect(
    stdout_require=(r"^(added|changed|removed|up to date|audited)\b",), stderr_forbid=(r"^npm (ERR!|error)",)
)
BUILT = Expect(stderr_forbid=(r"^npm (ERR!|error)", r"(?i)^error\b"))
ASSET = re.compile(r"""(?:src|href)=["']\.?/?((?!https?:|//|data:)[^"'#?]+\.(?:js|mjs|css))["']""")


class Making:
    """What installing and building share: a folder of their own, and nobody else at work in it."""

    def __init__(self, yard: Yard, args: Facts) -> None:
        self._yard, self._version = yard, version_of(args) or str(args.get("version", ""))
        self._release = yard.place.release(self._version)
        self._named = yard.folder / self._version  # as the plan says, wherever it stands by now

    def prepare(self, task: Task) -> Finding:
        """Never in the version in service, never in half a version, never two at once."""
        if self._yard.place.version() == self._version:
            return failed(say("{version} is in service: nothing is made in it", version=self._version))
        fault = glance(self._release, self._version).fault
        if fault:
            return failed(fault_said(fault))
        if somebody_works_in(self._release):
            return failed(say("a program still works in the folder of {version}", version=self._version))
        return Finding(outcome=Outcome.PASS)

    def reconcile(self, task: Task) -> Finding:
        """A program that was started before a crash works on: it gets the time to end, then what lies there is looked at.

        What it had made until then may lie there: not done is perhaps half done.
        """
        if somebody_works_in(self._release, task.step.timeout_s):
            said = say("a program still works in the folder of {version}", version=self._version)
            return Finding(outcome=Outcome.UNKNOWN, said=said)
        found = self.verify(task)
        half: Facts = {"calls_made": 1} if found.outcome is Outcome.FAIL else NO_FACTS
        return Finding(outcome=found.outcome, said=found.said, facts=half)

    def verify(self, task: Task) -> Finding:
        raise NotImplementedError


class Install(Making):
    """The lock file's packages, and nothing else: `npm ci`. What is the site's own is linked in first."""

    def __init__(self, yard: Yard, args: Facts) -> None:
        super().__init__(yard, args)
        argv, folders = " ".join(yard.deployment.install), yard.deployment.install_in
        self.calls = tuple(f"{argv}  ({self._named / each})" for each in folders)

    def carry_out(self, task: Task) -> Finding:
        wrong = self._link_kept()
        if wrong:
            return failed(wrong)
        found = Finding(outcome=Outcome.PASS)
        for number, folder in enumerate(self._folders()):
            argv = self._yard.deployment.install
            found = self._yard.run(task, argv, folder, INSTALLED, f"{task.step.id}-{number + 1}")
            if found.outcome is not Outcome.PASS:
                return found
        return found

    def verify(self, task: Task) -> Finding:
        """The lock file is the release's own, every package of it is there in its version, and Node loads them."""
        sums, facts = read_sums(self._release) or {}, dict[str, Fact]()
        for folder in self._folders():
            lock = folder / LOCK
            if digest_of(lock) != sums.get(lock.relative_to(self._release).as_posix()):
                return failed(say("the lock file is not that of the release"))
            told = read_json(lock)
            names = told.get("packages", {}) if isinstance(told, dict) else {}
            without_dev = "--omit=dev" in self._yard.deployment.install
            missing = lacking(told, versions_in(folder, iter(names)), without_dev=without_dev)
            if missing is None:
                return failed(say("the lock file cannot be understood"))
            facts |= {"packages": len(names), "packages_missing": len(missing)}
            if missing:
                names_said = ", ".join(missing[:SHOWN])
                said = say("{n:number} packages are not there: {names}", n=len(missing), names=names_said)
                return Finding(outcome=Outcome.FAIL, said=said, facts=facts)
        return loaded(self._yard.app_folders(self._version)[0], facts)

    def _folders(self) -> tuple[Path, ...]:
        return self._yard.app_folders(self._version)

    def _link_kept(self) -> Phrase | None:
        """The site's own files are seen from every version (where a link is switched)."""
        deployment = self._yard.deployment
        if deployment.way != LINK or not deployment.shared:
            return None
        for each in deployment.kept:
            here, there = self._release / each, Path(deployment.shared).absolute() / each
            if here.is_symlink() and here.readlink() == there:
                continue
            if not there.exists():
                return say("{path} of the site is not in the shared folder", path=each)
            try:
                here.parent.mkdir(parents=True, exist_ok=True)
                here.symlink_to(there)
            except OSError:
                return say("{path} of the site cannot be linked into the version", path=each)
        return None


class Build(Making):
    """Makes what people's browsers load, if anything is to be made; then writes down that this version is ready."""

    def __init__(self, yard: Yard, args: Facts) -> None:
        super().__init__(yard, args)
        place = yard.deployment.build_in
        argv = " ".join(yard.deployment.build)
        self.calls: tuple[str, ...] = (f"{argv}  ({self._named / place})",) if place else ()

    def carry_out(self, task: Task) -> Finding:
        deployment = self._yard.deployment
        if deployment.build_in:
            if deployment.built:
                (self._release / deployment.built).unlink(missing_ok=True)
            within = self._release / deployment.build_in
            found = self._yard.run(task, deployment.build, within, BUILT, task.step.id)
            if found.outcome is not Outcome.PASS:
                return found
        wrong = self._unbuilt()
        if wrong:
            return failed(wrong)
        try:
            mark_ready(self._release, node_version(Deadline.after(NODE_S)))
        except OSError as error:
            return failed(say("that it is ready cannot be written down: {why}", why=error.strerror or "?"))
        return Finding(outcome=Outcome.PASS, facts={"calls_made": int(bool(deployment.build_in))})

    def verify(self, task: Task) -> Finding:
        wrong = self._unbuilt()
        if wrong:
            return failed(wrong)
        if not glance(self._release, self._version).is_ready:
            return failed(say("{version} was not made ready to its end", version=self._version))
        return Finding(outcome=Outcome.PASS, said=say("{version} is ready", version=self._version))

    def _unbuilt(self) -> Phrase | None:
        """What is missing of the pages: the first page, or what it names."""
        built = self._yard.deployment.built
        if not self._yard.deployment.build_in or not built:
            return None
        page = self._release / built
        try:
            text = page.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return say("the build made no {path}", path=built)
        named = ASSET.findall(text)
        missing = [each for each in named if not _has_content(page.parent / each)]
        if not text.strip() or missing:
            return say(
                "what the build made lacks {n:number} of {all:number} files", n=len(missing), all=len(named)
            )
        return None


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


class Clean(Making):
    """Takes away what installing and building left in a version that is not in service."""

    def __init__(self, yard: Yard, args: Facts) -> None:
        super().__init__(yard, args)
        made = (READY, *(f"{each}/node_modules" for each in yard.deployment.install_in))
        self.calls = tuple(f"remove {self._named / each}" for each in made)

    def _made(self) -> tuple[Path, ...]:
        folders = tuple(each / "node_modules" for each in self._yard.app_folders(self._version))
        return (self._release / READY, *folders)

    def carry_out(self, task: Task) -> Finding:
        found = self.prepare(task)
        if found.outcome is not Outcome.PASS:
            return found
        try:
            (self._release / READY).unlink(missing_ok=True)
            for each in self._made()[1:]:
                if each.is_dir() and not each.is_symlink():
                    shutil.rmtree(each)
        except OSError as error:
            return failed(say("what was left cannot be taken away: {why}", why=error.strerror or "?"))
        return Finding(outcome=Outcome.PASS)

    def verify(self, task: Task) -> Finding:
        left = sum(each.exists() for each in self._made())
        if left:
            return failed(say("{n:number} of its folders are still there", n=left))
        return Finding(outcome=Outcome.PASS, said=say("nothing is left of it"))


def mark_ready(release: Path, node: str) -> None:
    """Write down, durably, that this very content was made ready. Raises OSError."""
    replace_shared(release / READY, json.dumps({"sums": digest_of(release / SUMS), "node": node}))
