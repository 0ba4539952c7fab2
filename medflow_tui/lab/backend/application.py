"""The lab's backend as one application: limits, cross-site protection, routes, counting, auditing, in that order."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web
from pymongo.errors import PyMongoError

from medflow_tui.lab.backend import devices, health, login
from medflow_tui.lab.backend.answers import bare_error, not_found_page
from medflow_tui.lab.backend.service import SERVICE, Service

LIMIT_BYTES = 1 << 20


def make(settings: dict[str, Any]) -> web.Application:
    """The application; see `Service` for the settings."""
    application = web.Application(middlewares=[gate], client_max_size=LIMIT_BYTES)
    application[SERVICE] = Service(settings)
    application.add_routes([*health.ROUTES, *login.ROUTES, *devices.ROUTES])
    application.cleanup_ctx.append(_connected)
    return application


async def _connected(application: web.Application) -> AsyncIterator[None]:
    service = application[SERVICE]
    await service.begin()
    yield
    await service.end()


@web.middleware
async def gate(request: web.Request, handler: login.Route) -> web.StreamResponse:
    """What happens around every call."""
    service = request.app[SERVICE]
    started = time.monotonic()
    headers: dict[str, str] = {}
    response: web.StreamResponse | None = None
    if request.path.startswith("/api"):
        service.read_switches()
        response, headers = service.limits.check(request, started)
        response = response or login.csrf_refusal(request)
    if response is None:
        response = await _routed(request, handler)
    response.headers.update(headers)
    response.headers["X-Lab-Identity"] = service.settings["identity"]
    login.give_csrf_cookie(request, response)
    _count(request, service, response.status)
    if request.path.startswith("/api"):
        service.audit(request, response.status, (time.monotonic() - started) * 1000)
    return response


async def _routed(request: web.Request, route: login.Route) -> web.StreamResponse:
    try:
        return await route(request)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        return not_found_page(request.method, request.path)
    except web.HTTPRequestEntityTooLarge:
        return bare_error("Payload too large", 413, message="Fichier trop volumineux", maxSize="1mb")
    except PyMongoError as problem:
        return bare_error(type(problem).__name__, 500)


def _count(request: web.Request, service: Service, status: int) -> None:
    """The label is only the path inside a router, while an unknown route carries its whole path."""
    parts = [each for each in request.path.split("/") if each]
    inside = parts[2:] if parts[:1] == ["api"] else parts[1:]
    route = request.path if status == 404 else "/" + "/".join(inside)
    key = (request.method, route, str(status))
    service.counts[key] = service.counts.get(key, 0) + 1
