"""The site file of the lab: every kind of target, pointed at the lab's own servers, read more often than in the field."""

from __future__ import annotations

import json
from collections.abc import Iterator

from medflow_tui.lab.layout import Layout
from medflow_tui.lab.log_writer import combined_log, console_log, service_log
from medflow_tui.lab.people import CLINICS, DEVICES, OWN_CLINIC, TIMEZONE
from medflow_tui.lab.ports import HOST
from medflow_tui.lab.server import module

CONTACTS = (
    ("database", "Amani SPECIMEN", "+243 000 000 001"),
    ("network", "Béni MODELE", "+243 000 000 002"),
    ("devices", "Chance MAQUETTE", "+243 000 000 003"),
    ("security", "Divine ESSAI", "+243 000 000 004"),
    ("vendor", "Espoir PERSONNE", "+243 000 000 005"),
    ("assistance", "Fiston EXEMPLAIRE", "+243 000 000 006"),
)
MANY = 10_000  # restarts: mending a fault restarts the backend, which is no trouble
ALL_DAY = {"opens": "00:00", "closes": "24:00", "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}


def text(layout: Layout) -> str:
    """The whole of it, in TOML."""
    return (
        "\n".join([*_head(), *_services(layout), *_network(layout), *_devices(layout), *_rest(layout)]) + "\n"
    )


def table(title: str, /, **values: object) -> list[str]:
    """One TOML table; values are texts, numbers, truths and lists of texts, which JSON writes as TOML does."""
    lines = [f"[{title}]"]
    lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return [*lines, ""]


def _head() -> Iterator[str]:
    yield from ("# The invented site of the lab; written anew at each start.", 'profile = "medflow"', "")
    yield from table(
        "site",
        code=OWN_CLINIC,
        name="Clinique d’essai",
        environment="lab",
        timezone=TIMEZONE,
        language="auto",
    )
    for role, name, phone in CONTACTS:
        yield from table(f"contacts.{role}", name=name, phone=phone)


def _url(layout: Layout, name: str) -> str:
    return f"http://{HOST}:{layout.ports[name]}"


def _services(layout: Layout) -> Iterator[str]:
    ports = layout.ports
    yield from table(
        "target.backend",
        kind="http",
        role="backend",
        address=_url(layout, "backend"),
        health_key=f"file:{layout.secret('health_key')}",
        redis="redis",
        mongodb="mongodb",
        interval_s=3,
    )
    yield from table(
        "target.central", kind="http", role="central", address=_url(layout, "central"), interval_s=5
    )
    yield from table("target.ocr", kind="http", role="ocr", address=_url(layout, "ocr"), interval_s=10)
    yield from table("target.face", kind="http", role="face", address=_url(layout, "face"), interval_s=10)
    mongodb = f"mongodb://{HOST}:{ports['mongodb']}/medflow"
    yield from table("target.mongodb", kind="mongodb", address=mongodb, interval_s=3)
    yield from table("target.redis", kind="redis", address=f"redis://{HOST}:{ports['redis']}/0", interval_s=2)
    yield from table(
        "target.backend-process",
        kind="process",
        manager="pidfile",
        unit="backend",
        pid_file=str(layout.pid_file("backend")),
        start=module("starter", str(layout.folder), "backend"),
        writes_pid_file=True,
        output=str(layout.output("backend")),
        restarts_warning=MANY,
        restarts_critical=MANY,
        interval_s=5,
    )
    yield from table("target.backend-port", kind="port", address=f"{HOST}:{ports['backend']}", interval_s=5)
    yield from table("target.host", kind="host", figures=str(layout.host), interval_s=5)
    yield from table("target.payments", kind="payments", address=mongodb, interval_s=30)
    yield from table("target.isolation", kind="isolation", address=mongodb, interval_s=60)


def _network(layout: Layout) -> Iterator[str]:
    outside = f"{HOST}:{layout.ports['outside']}"
    yield from table("target.uplink", kind="uplink", addresses=[outside], window=10, interval_s=5)
    yield from table(
        "target.clinics",
        kind="clinics",
        address=f"mongodb://{HOST}:{layout.ports['mongodb']}/medflow",
        central=_url(layout, "central"),
        own=OWN_CLINIC,
        uplink="uplink",
        hours_file=str(layout.hours),
        window=10,
        interval_s=2,
    )
    for clinic in CLINICS:
        address = f"{HOST}:{layout.ports[clinic.id]}"
        more = {"id": clinic.id, "label": clinic.short, "address": address, "every_s": clinic.every_s}
        yield from table("[target.clinics.clinic]", **more, **ALL_DAY)


def _devices(layout: Layout) -> Iterator[str]:
    yield from table(
        "target.queue",
        kind="queue",
        address=f"redis://{HOST}:{layout.ports['redis']}/0",
        api=_url(layout, "backend"),
        api_username="amani",
        api_password=f"file:{layout.secret('amani')}",
        api_every_s=20,
        interval_s=3,
    )
    yield from table(
        "target.devices",
        kind="devices",
        address=f"mongodb://{HOST}:{layout.ports['mongodb']}/medflow",
        interval_s=10,
    )
    for device in DEVICES:
        if device.share:
            port = layout.ports["own_share" if device.own_server else "shares"]
            address = f"smb://{HOST}:{port}/{device.share}"
            yield from table(
                f"target.{device.slug}", kind="share", label=device.name, address=address, interval_s=5
            )


def _rest(layout: Layout) -> Iterator[str]:
    yield from table("target.backups", kind="backups", folder=str(layout.backups), interval_s=5)
    folder = layout.folder
    logs = [str(each) for each in (combined_log(folder), service_log(folder), console_log(folder))]
    yield from table("target.log", kind="log", paths=logs, interval_s=3)
