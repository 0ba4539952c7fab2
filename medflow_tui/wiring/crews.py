"""The crew of a playbook: from each room of actions that it names one crew, joined into one."""

from __future__ import annotations

import importlib
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from medflow_tui.actions.names import ACTIONS, rooms_of
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Fact
from medflow_tui.model.performer import Crew, Login, Performer, Survey
from medflow_tui.model.playbook import ACQUIRE, PROGRAM, RELEASE, Playbook
from medflow_tui.model.site import Site
from medflow_tui.wiring import probe_of

OF_THE_ENGINE = frozenset({ACQUIRE, RELEASE, PROGRAM})


def room(name: str) -> Any:
    """The module of a room."""
    return importlib.import_module(f"medflow_tui.actions.{name}")


def known_actions() -> frozenset[str]:
    """Every action that a playbook may name: those of the rooms, and the engine's own."""
    return OF_THE_ENGINE.union(*ACTIONS.values())


class JoinedCrew:
    """Several crews as one: what they measured together, and each performer from the crew that has it."""

    def __init__(self, playbook: Playbook, site: Site, tools: Tools, login: Login | None) -> None:
        """Raises RefusedError: the site has nothing for one of the rooms, or the log-in was refused."""
        names = rooms_of(playbook)
        tools = replace(tools, probe_of=probe_of(tools))
        self._crews: list[Crew] = []
        with ExitStack() as stack:
            for name in ACTIONS:
                if name in names:
                    self._crews.append(stack.enter_context(room(name).crew(site, tools, login)))
            self._stack = stack.pop_all()

    def __enter__(self) -> JoinedCrew:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def survey(self) -> Survey:
        return joined([each.survey() for each in self._crews])

    def performer(self, action: str) -> Performer | None:
        return next((found for each in self._crews if (found := each.performer(action)) is not None), None)


def joined(surveys: list[Survey]) -> Survey:
    """One survey out of several; whoever logged in first is the operator.

    >>> joined([Survey(identity="a"), Survey(identity="b", operator="amani")]).identity
    'a + b'
    """
    facts: dict[str, Fact] = {}
    targets: dict[str, str] = {}
    for each in surveys:
        facts |= each.facts
        targets |= each.targets
    return Survey(
        facts=facts,
        targets=targets,
        identity=" + ".join(each.identity for each in surveys if each.identity),
        operator=next((each.operator for each in surveys if each.operator), ""),
        role=next((each.role for each in surveys if each.role), ""),
        notes=tuple(note for each in surveys for note in each.notes),
    )
