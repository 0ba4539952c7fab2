"""Every kind of target, one file each; `KINDS` is the only list of them."""

from __future__ import annotations

from medflow_tui.model.target import Target
from medflow_tui.model.targets.backups import BackupsTarget
from medflow_tui.model.targets.clinics import ClinicsTarget
from medflow_tui.model.targets.devices import DevicesTarget
from medflow_tui.model.targets.host import HostTarget
from medflow_tui.model.targets.http import HttpTarget
from medflow_tui.model.targets.isolation import IsolationTarget
from medflow_tui.model.targets.log import LogTarget
from medflow_tui.model.targets.mongodb import MongodbTarget
from medflow_tui.model.targets.payments import PaymentsTarget
from medflow_tui.model.targets.port import PortTarget
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.targets.queue import QueueTarget
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.targets.share import ShareTarget
from medflow_tui.model.targets.uplink import UplinkTarget

KINDS: dict[str, type[Target]] = {
    each.kind: each
    for each in (
        BackupsTarget,
        HttpTarget,
        PaymentsTarget,
        MongodbTarget,
        IsolationTarget,
        RedisTarget,
        ShareTarget,
        QueueTarget,
        DevicesTarget,
        ClinicsTarget,
        HostTarget,
        PortTarget,
        ProcessTarget,
        UplinkTarget,
        LogTarget,
    )
}
