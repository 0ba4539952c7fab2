"""Whether a log-in is one, asked of MedFlow itself while it can tell."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from medflow_tui.clients.tools import Tools
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.health import Cause
from medflow_tui.model.site import Site
from medflow_tui.model.targets.http import BACKEND, HttpTarget
from medflow_tui.model.words import say

if TYPE_CHECKING:
    from medflow_tui.model.performer import Login

WITHIN_S, RESERVE = 10.0, 10


def prover(site: Site, tools: Tools, *, is_to_act: bool = False) -> Callable[[Login], bool]:
    """Tries a log-in once; False where nothing at this site can tell now, RefusedError where it is none.

    A right password whose second factor is still asked for says who somebody is; with it nothing is done in MedFlow
    (`is_to_act`).
    """
    backend = next(
        (each for each in site.targets if isinstance(each, HttpTarget) and each.role == BACKEND), None
    )
    if backend is None:
        return lambda login: False

    def prove(login: Login) -> bool:
        from medflow_tui.clients.medflow import SLOW_REFUSAL_MS, MedflowSession, SecondFactorError
        from medflow_tui.clients.network import UnreachableError

        began = time.monotonic()
        with MedflowSession(
            backend.address,
            deadline_s=WITHIN_S,
            budget=tools.budget,
            reserve=RESERVE,
            ca_file=backend.ca_file,
            now=tools.now,
        ) as session:
            try:
                session.login(login.username, login.password)
            except UnreachableError as error:
                if isinstance(error, SecondFactorError) and not is_to_act:
                    return True
                is_blind = (time.monotonic() - began) * 1000 >= SLOW_REFUSAL_MS  # its database is down
                if error.failure.cause is Cause.LIMITED or (
                    error.failure.cause is Cause.DENIED and not is_blind
                ):
                    raise RefusedError(say("log-in not possible").also(error.failure.text)) from None
                return False
        return True

    return prove
