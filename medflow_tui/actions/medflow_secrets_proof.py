"""Proves that log-ins from before are refused: what holds now, signed with the old secret, must get a 401."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path

from medflow_tui.actions.looking import Looking
from medflow_tui.clients import environment_file
from medflow_tui.clients.environment_file import EnvironmentFile
from medflow_tui.clients.http import Web
from medflow_tui.clients.medflow import ME, REFRESH, MedflowSession
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.tools import Tools
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.performer import Finding, Login, Task
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.targets.http import HttpTarget
from medflow_tui.model.words import say
from medflow_tui.rules.environment_file import SECRETS, UnfitFileError, secrets_in

ASK_S, RESERVE, NO, YES = 10.0, 10, 401, 200


class OldRefused(Looking):
    """Logs in anew; nothing of any token is written down. Without a log-in it is not known."""

    def __init__(
        self,
        backend: HttpTarget,
        tools: Tools,
        login: Login | None,
        copy: Callable[[Task], Path],
        now: Callable[[], EnvironmentFile],
    ) -> None:
        self._backend, self._tools, self._login, self._copy, self._now = backend, tools, login, copy, now

    def verify(self, task: Task) -> Finding:
        if self._login is None:
            said = say("not logged in: look on a work place whether it asks for the password")
            return Finding(outcome=Outcome.UNKNOWN, said=said)
        try:
            before = secrets_in(environment_file.read(str(self._copy(task))).text)
            access, renewal = self._tokens(self._login)
            old = [
                signed_anew(each, before[name]) for each, name in zip((access, renewal), SECRETS, strict=True)
            ]
            good, bad, again = self._ask(access), self._ask(old[0]), self._renew(old[1])
        except UnreachableError as error:
            return Finding(outcome=Outcome.UNKNOWN, said=error.failure.text)
        except RefusedError as error:
            return Finding(outcome=Outcome.UNKNOWN, said=error.phrase)
        except (OSError, UnfitFileError, UnicodeDecodeError, ValueError):
            return Finding(outcome=Outcome.UNKNOWN, said=say("the kept copy cannot be read"))
        facts = {"good": good, "old": bad, "old_renewal": again}
        if good != YES:
            said = say("a new log-in is answered {status}: nothing is proved", status=str(good))
            return Finding(outcome=Outcome.UNKNOWN, said=said, facts=facts)
        if bad == YES or again == YES:
            said = say("log-ins from before still count: another place sets the secrets, not this file")
            return Finding(outcome=Outcome.FAIL, said=said, facts=facts)
        if bad != NO:
            said = say("an old log-in is answered {status}", status=str(bad))
            return Finding(outcome=Outcome.UNKNOWN, said=said, facts=facts)
        return Finding(outcome=Outcome.PASS, said=say("log-ins from before are refused (401)"), facts=facts)

    def _tokens(self, login: Login) -> tuple[str, str]:
        with MedflowSession(
            self._backend.address,
            deadline_s=ASK_S,
            budget=self._tools.budget,
            reserve=RESERVE,
            ca_file=self._backend.ca_file,
            now=self._tools.now,
        ) as session:
            session.login(login.username, login.password)
            return session.tokens

    def _ask(self, token: str) -> int:
        with Web(self._backend.address, ca_file=self._backend.ca_file) as web:
            headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
            return web.ask("GET", ME, Deadline.after(ASK_S), headers=headers).status

    def _renew(self, token: str) -> int:
        with Web(self._backend.address, ca_file=self._backend.ca_file) as web:
            headers = {"cookie": f"refreshToken={token}", "accept": "application/json"}
            return web.ask("POST", REFRESH, Deadline.after(ASK_S), headers=headers, body={}).status


def signed_anew(token: str, secret: str) -> str:
    """The same claims as in a token (HS256), signed with another secret. Raises ValueError for what is no token.

    >>> signed_anew("e30.e30.x", "k")
    'e30.e30.U2HnhEsqIJ2joZZVwxmVt6h2cgNNje9sFTHzPTW3q9M'
    """
    head, dot, _ = token.rpartition(".")
    if not dot or head.count(".") != 1:
        raise ValueError("no token")
    made = hmac.new(secret.encode(), head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(made).decode().rstrip('=')}"
