"""A secret in memory must not come out by printing the record that holds it."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
from pathlib import Path

import medflow_tui
from medflow_tui.clients.smb import Account
from medflow_tui.model.performer import Login
from medflow_tui.model.target import Target
from medflow_tui.runner.process import Order
from medflow_tui.runner.runner import Mandate

SECRET = re.compile(r"(^|_)(password|secret|token|cookie|cookies)s?$")
PLANTED = "Invente-7731"
REFERENCES = {"Place.redis_password"}  # env:NAME or file:PATH, as in a target


def records() -> list[type]:
    """Every dataclass of the package; the lab's secrets are invented."""
    found = set()
    for each in pkgutil.walk_packages(medflow_tui.__path__, "medflow_tui."):
        if each.name.startswith("medflow_tui.lab") or each.name == "medflow_tui.__main__":
            continue
        for value in vars(importlib.import_module(each.name)).values():
            if isinstance(value, type) and dataclasses.is_dataclass(value):
                found.add(value)
    return sorted(found, key=lambda each: each.__qualname__)


def test_no_record_shows_a_field_that_is_named_like_a_secret() -> None:
    """Targets hold references only: `config` refuses anything else."""
    wrong = [
        f"{record.__qualname__}.{field.name}"
        for record in records()
        if not issubclass(record, Target) and record.__name__ != "Tools"
        for field in dataclasses.fields(record)
        if SECRET.search(field.name) and field.repr and field.type not in ("bool", bool)
    ]
    assert len(records()) > 100
    assert set(wrong) - REFERENCES == set()


def test_what_holds_a_password_can_be_printed() -> None:
    order = Order(
        folder=Path("/run"),
        site_file="/site.toml",
        state=Path("/state"),
        mandate=Mandate(who="amani", reason="because it must", typed="yes", plan_hash="0"),
        login=Login(username="amani", password=PLANTED),
    )
    for each in (order, Account(username="oct", password=PLANTED)):
        assert PLANTED not in f"{each!r} {each}"
