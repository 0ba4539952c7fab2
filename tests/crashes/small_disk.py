"""A run on a real disk that is full: `python -m tests.crashes.small_disk FOLDER RESERVE_MB [SERVICE MOMENT]`, as JSON.

The disk is filled in the middle of what the service does; then room is made, and the run is gone on with once.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from medflow_tui.journal.audit import Audit, verify
from medflow_tui.journal.auditing.place import audit_file
from medflow_tui.journal.run_log import RunFolder, create
from medflow_tui.model.audit import Keeping
from medflow_tui.model.errors import MedflowError
from medflow_tui.model.procedure import Mark
from medflow_tui.model.site import Site
from medflow_tui.rules.standing import state_of
from medflow_tui.runner import surroundings
from medflow_tui.runner.agreeing import Agreeing
from medflow_tui.runner.mandate import Mandate
from medflow_tui.runner.preview import make_plan
from medflow_tui.runner.process import Assembly, Order, carry_out
from tests.crashes.staged import QUIET, Counted
from tests.unit.playbooks.books import GUARD

BALLAST = "ballast"
DISK = GUARD.format(kind="disk")
SOURCE = QUIET.replace(DISK, f"{DISK}need = {{ floor_mib = 1 }}\n")


def fill(folder: Path) -> None:
    """Until not one byte more fits."""
    descriptor = os.open(folder / BALLAST, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for size in (1 << 20, 1 << 12, 1):
        with suppress(OSError):
            while True:
                os.write(descriptor, bytes(size))
    os.close(descriptor)


def confirmed(stage: Counted) -> Order:
    """A run that was planned and confirmed. Raises MedflowError or OSError."""
    inputs = {each.id: "backup-1" for each in stage.playbook.inputs}
    plan = make_plan(stage.playbook, stage.site, stage, stage.state, now=stage.time, inputs=inputs)
    stage.folder = create(stage.state / "runs", plan, stage.source)
    mandate = Mandate(
        typed=plan.confirm, plan_hash=plan.hash, who="amani", reason="it is damaged", login_age_s=0
    )
    return Order(folder=stage.folder.path, site_file="", state=stage.state, mandate=mandate)


def life(stage: Counted, order: Order) -> str:
    """One process of the run: how it ended."""
    try:
        move = carry_out(order, lambda _: Assembly(site=stage.site, crew=stage))
    except (MedflowError, OSError) as error:
        return type(error).__name__
    return f"{move.act.value} {move.outcome.value if move.outcome else ''}".strip()


def found(stage: Counted) -> dict[str, Any]:
    """What can be read of it afterwards."""
    folder = RunFolder(path=(stage.folder or RunFolder(path=stage.state)).path)
    entries = folder.entries()
    audit = audit_file(stage.site, stage.state)
    reserve = audit.with_name("audit.reserve")
    return {
        "phase": state_of(stage.playbook, folder.run, entries, alive=False).phase.value,
        "last": entries[-1].mark.value if entries else "",
        "said": [each.text for each in (entries[-1].said, *entries[-1].said.parts)] if entries else [],
        "begun": [each.step for each in entries if each.mark is Mark.INTENDED],
        "audited": [str(each["ev"]) for each in verify(audit).records][-1:] if audit.exists() else [],
        "holds": not audit.exists() or verify(audit).holds,
        "made": dict(stage.made),
        "wrong": stage.wrong,
        "true": sorted(stage.true),
        "reserve": reserve.stat().st_size if reserve.exists() else 0,
    }


def main(folder: Path, reserve_mb: int, service: str = "", moment: str = "") -> dict[str, Any]:
    """Everything that was seen, by its moment: `full` and, after room was made, `gone on`."""
    keeping = replace(Keeping(), append_only=False, syslog=False, reserve_mb=reserve_mb)

    def of(site: Site, state: Path) -> Audit:
        return Audit(audit_file(site, state), site=site.code, keeping=keeping)

    Audit.of = of  # type: ignore[method-assign]
    Agreeing.count = lambda self: 1  # type: ignore[method-assign]
    surroundings._power = lambda: {"power": "mains"}
    stage = Counted(folder, SOURCE)
    stage.time = datetime.now(UTC)
    hour = (stage.time.astimezone(ZoneInfo(stage.site.timezone)).hour + 12) % 24
    stage.site = replace(stage.site, opens=f"{hour:02}:00", closes=f"{hour:02}:59")
    if not service:
        Audit.of(stage.site, stage.state).append("passive.off", {})
    else:
        stage.services[service].before[moment] = lambda task: fill(folder)
    order = confirmed(stage)
    ended = life(stage, order)
    seen: dict[str, Any] = {"full": {"ended": ended, **found(stage)}}
    (folder / BALLAST).unlink(missing_ok=True)
    if service:
        stage.services[service].before.clear()
        seen["gone on"] = {"ended": life(stage, order), **found(stage)}
    return seen


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])))
