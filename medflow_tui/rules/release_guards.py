"""What must hold before a version is put into service: one pure rule for each kind of guard."""

from __future__ import annotations

from collections.abc import Mapping

from medflow_tui.model.canonical import Facts
from medflow_tui.model.playbook import Guard
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.answers import Answer
from medflow_tui.rules.backup_guards import first, verified
from medflow_tui.rules.releases import NONE, UNSTATED

FAULTS: Mapping[str, Phrase] = {
    "gone": say("it is not there"),
    "no-manifest": say("it has no release.json that can be read"),
    "other-version": say("its release.json is that of another version"),
    "no-sums": say("it has no SHA256SUMS that can be read to its end"),
    "sums-cut": say("SHA256SUMS has not as many lines as release.json says"),
    "files-missing": say("files of SHA256SUMS are missing: it was copied in part only"),
    "files-differ": say("files differ from SHA256SUMS: damaged, or changed by hand"),
    "not-clean": say("its git checkout holds changes that belong to no commit"),
    "other-commit": say("its git checkout is at another commit than release.json says"),
    "no-lock": say("it has no package-lock.json"),
    "built-sealed": say("what is built here was sealed with it: built once, it would never be whole again"),
    "data-unstated": say("it does not say which data it can read"),
    "data-unknown": say("the format of the present data is not known"),
    "data-newer": say("it cannot read data as they are written now"),
    "script-seeds": say("it sets up or seeds: that empties collections"),
    "script-destroys": say("it empties or drops collections"),
    "script-long": say("it is too long for anybody to read before it runs"),
}


def fault_said(code: str) -> Phrase:
    """A fault in words."""
    return FAULTS.get(code, say("it cannot be read"))


def whole(guard: Guard, facts: Facts) -> Answer:
    """Every file is there; with `ready` needed it is also installed and built, and was looked over when it was."""
    version, fault = _chosen(facts), _of(facts, "fault")
    if not version or fault is None:
        return Outcome.UNKNOWN, say("no version that is there has been chosen")
    if fault:
        return Outcome.FAIL, say("{version}:", version=version).also(fault_said(str(fault)))
    if guard.need.get("ready") and _of(facts, "ready") is not True:
        return Outcome.FAIL, say("{version} was never installed here to its end", version=version)
    return Outcome.PASS, say("{version} is whole", version=version)


def another(guard: Guard, facts: Facts) -> Answer:
    """The version to come is not that of the plan's beginning, and nobody else has switched meanwhile."""
    version, now = _chosen(facts), facts.get("version_now")
    planned = facts.get("plan.version_now") or now
    if not version or not planned or not isinstance(now, str):
        return Outcome.UNKNOWN, say("which version is in service is not known")
    if version == planned:
        return Outcome.FAIL, say("{version} is in service already", version=version)
    if not now:
        return Outcome.PASS, say("between two versions: the switch goes on")
    if now not in (planned, version):
        return Outcome.FAIL, say("{version} was put into service meanwhile: make the plan again", version=now)
    return Outcome.PASS, say("in service: {version}", version=now)


def node(guard: Guard, facts: Facts) -> Answer:
    version, wanted, here = _chosen(facts), _of(facts, "node"), str(facts.get("release.node", ""))
    match _of(facts, "node_fits"):
        case "yes":
            return Outcome.PASS, say("Node {here} is in {wanted}", here=here, wanted=str(wanted))
        case "no":
            return Outcome.FAIL, say(
                "{version} needs Node {wanted}, here is {here}",
                version=version,
                wanted=str(wanted),
                here=here,
            )
        case _:
            return Outcome.UNKNOWN, say("whether it runs on the Node of this machine is not known")


def data(guard: Guard, facts: Facts) -> Answer:
    """With `back` needed, the version in service must also be able to read what the new one writes: the way back."""
    version, is_back = _chosen(facts), bool(guard.need.get("back"))
    fault = _of(facts, "back" if is_back else "data")
    if fault is None:
        return Outcome.UNKNOWN, say("whether it runs on the present data is not known")
    no = Outcome.UNKNOWN if fault in UNSTATED else Outcome.FAIL
    if is_back:
        planned = str(facts.get("plan.version_now") or facts.get("version_now", ""))
        if fault:
            return no, say("no way back to {version}:", version=planned).also(fault_said(str(fault)))
        return Outcome.PASS, say("{version} can read what the new one writes", version=planned)
    if fault:
        return no, say("{version}:", version=version).also(fault_said(str(fault)))
    return Outcome.PASS, say("{version} runs on the present data", version=version)


def script(guard: Guard, facts: Facts) -> Answer:
    name, known, refused = facts.get("input_script"), _of(facts, "scripts"), _of(facts, "refused")
    if name == NONE:
        return Outcome.PASS, say("no script is run")
    if not isinstance(name, str) or not isinstance(known, tuple) or not isinstance(refused, tuple):
        return Outcome.UNKNOWN, say("which script is meant is not known")
    code = next((each.partition(" ")[2] for each in refused if each.partition(" ")[0] == name), "")
    if code:
        return Outcome.FAIL, say("the script {name} is never run here:", name=name).also(fault_said(code))
    if name not in known:
        return Outcome.FAIL, say("this version brings no script {name}", name=name)
    return Outcome.PASS, say("the script {name} is shown before it runs", name=name)


def strays(guard: Guard, facts: Facts) -> Answer:
    count = facts.get("release.strays")
    if not isinstance(count, int) or isinstance(count, bool):
        return Outcome.UNKNOWN, say("not known which files of the version in service are the site's own")
    if count:
        return Outcome.FAIL, say("{n:number} files in the version in service are not its own", n=count)
    return Outcome.PASS, say("nothing of the site's own is left in the old version")


def room(guard: Guard, facts: Facts) -> Answer:
    free, least = facts.get("release.free"), guard.need.get("floor_mib", 2048)
    if not isinstance(free, int) or not isinstance(least, int):
        return Outcome.UNKNOWN, say("free disk space not known")
    floor = least * 1024 * 1024
    if free < floor:
        return Outcome.FAIL, say(
            "{free:bytes} free for versions, needed {floor:bytes}", free=free, floor=floor
        )
    return Outcome.PASS, say("{free:bytes} free for versions", free=free)


def _chosen(facts: Facts) -> str:
    value = facts.get("input_version", "")
    return value if isinstance(value, str) else ""


def _of(facts: Facts, name: str) -> object:
    return facts.get(f"release.{_chosen(facts)}.{name}")


RELEASE_KINDS = {
    "release_whole": whole,
    "release_another": another,
    "release_node": node,
    "release_data": data,
    "release_script": script,
    "release_strays": strays,
    "release_room": room,
    "verified_backup": verified,
    "backup_first": first,
}
