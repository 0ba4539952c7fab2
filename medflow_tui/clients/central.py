"""The central server, by the one answer that it gives without credentials.

A clinic's own token is never used: asking with it marks that clinic as seen, so the dashboard would fake it online.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from medflow_tui.clients.http import Web
from medflow_tui.clients.meter import Meter
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.words import say

DASHBOARD = "/api/dashboard"
CLINICS_AT_MOST = 500


def last_seen(base_url: str, deadline: Deadline, meter: Meter | None = None) -> Mapping[str, datetime | None]:
    """When the central server last heard from each clinic, by clinicId; None for never. Raises UnreachableError.

    Its `isOnline` only means "within five minutes" and is not looked at.
    """
    if not base_url:
        raise UnreachableError(Failure(cause=Cause.UNSUPPORTED, text=say("no central server named")))
    with Web(base_url, meter=meter) as web:
        answer = web.ask("GET", DASHBOARD, deadline)
        if answer.status != 200:
            text = say("answered {status}", status=str(answer.status))
            raise UnreachableError(Failure(cause=Cause.GARBLED, text=text))
        return parse(answer.json())


def parse(body: Mapping[str, Any]) -> Mapping[str, datetime | None]:
    """`dashboard.clinics.list[]` with `clinicId` and `connection.lastSeenAt`. Raises UnreachableError (GARBLED)."""
    try:
        listed = body["dashboard"]["clinics"]["list"][:CLINICS_AT_MOST]
        return {
            str(each["clinicId"]): _moment((each.get("connection") or {}).get("lastSeenAt"))
            for each in listed
        }
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        text = say("not the expected answer")
        raise UnreachableError(Failure(cause=Cause.GARBLED, text=text)) from None


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
