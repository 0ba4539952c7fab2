"""The services that the site file names, for playbooks: restart, stop, start, hold, capture, ready three times."""

from __future__ import annotations

from collections.abc import Iterator

from medflow_tui.actions.names import OF_A_SERVICE
from medflow_tui.actions.service_capture import into_the_run
from medflow_tui.actions.service_database import Collections, SameCollections
from medflow_tui.actions.service_errors import Errors
from medflow_tui.actions.service_orders import Acquire, Order, Release, performers_of
from medflow_tui.actions.service_probe import Probe
from medflow_tui.actions.service_ready import Ready, backend_ready, mongodb_ready, never_told, redis_ready
from medflow_tui.actions.service_redis import BackendAtRedis
from medflow_tui.actions.service_several import PerService
from medflow_tui.actions.service_soundness import Reason, Sound
from medflow_tui.actions.service_steady import Steady
from medflow_tui.actions.service_survey import Neighbours, Service, Surveyor
from medflow_tui.actions.service_watched import Timing, Watched
from medflow_tui.clients.supervisors import supervisor
from medflow_tui.clients.tools import Tools
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.performer import Login, Performer, Survey
from medflow_tui.model.site import Site
from medflow_tui.model.targets.http import BACKEND, HttpTarget
from medflow_tui.model.targets.mongodb import MongodbTarget
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.words import say
from medflow_tui.rules.services import service_name

TIMING = Timing()


class ServiceCrew:
    """One set of performers for each service, chosen by the argument `service` of a step."""

    def __init__(self, site: Site, tools: Tools, login: Login | None, services: dict[str, Service]) -> None:
        self._neighbours = neighbours_of(site)
        self._surveyor = Surveyor(services, self._neighbours, tools, login)
        sets = {name: self._performers_of(each, tools) for name, each in services.items()}
        several = {
            action: PerService({name: found[action] for name, found in sets.items()})
            for action in OF_A_SERVICE
        }
        near = self._neighbours
        self._performers: dict[str, Performer] = {
            **several,
            "service.collections": Collections(near.mongodb, tools),
            "service.same_collections": SameCollections(near.mongodb, tools),
            "service.backend_at_redis": BackendAtRedis(near.redis, tools, TIMING.pause, TIMING.ready_every_s),
            "service.mongodb_reason": Reason(services.get("mongodb"), near.mongodb, tools),
            "service.mongodb_sound": Sound(near.mongodb, tools),
            "service.errors": Errors(near.backend, TIMING.pause, TIMING.every_s, TIMING.errors_over_s),
        }

    def _performers_of(self, service: Service, tools: Tools) -> dict[str, Performer]:
        watched = Watched(
            name=service.name,
            supervisor=service.supervisor,
            ready=ready_of(service.name, self._neighbours, tools),
            capture=into_the_run(service.target, tools),
        )
        steady = Steady(service.name, service.supervisor, TIMING.pause, TIMING.ready_every_s)
        return {**performers_of(watched, TIMING), "service.steady": steady}

    def __enter__(self) -> ServiceCrew:
        return self

    def __exit__(self, *_: object) -> None:
        self._surveyor.close()

    def survey(self) -> Survey:
        return self._surveyor.survey()

    def performer(self, action: str) -> Performer | None:
        return self._performers.get(action)


def crew(site: Site, tools: Tools, login: Login | None) -> ServiceCrew:
    """The crew at this site. Raises RefusedError when it names no process: there is nothing to act on."""
    services = {each.name: each for each in _services(site)}
    if not services:
        raise RefusedError(say("this site names no process: there is no service to act on"))
    return ServiceCrew(site, tools, login, services)


def _services(site: Site) -> Iterator[Service]:
    for each in site.targets:
        if isinstance(each, ProcessTarget) and each.enabled:
            yield Service(name=service_name(each.name), target=each, supervisor=supervisor(each))


def neighbours_of(site: Site) -> Neighbours:
    """The backend, MongoDB and Redis, as far as the site file names them."""
    kinds = (HttpTarget, MongodbTarget, RedisTarget)
    http, mongodb, redis = ([each for each in site.targets if isinstance(each, kind)] for kind in kinds)
    return Neighbours(
        backend=next((each for each in http if isinstance(each, HttpTarget) and each.role == BACKEND), None),
        mongodb=next((each for each in mongodb if isinstance(each, MongodbTarget)), None),
        redis=next((each for each in redis if isinstance(each, RedisTarget)), None),
    )


def ready_of(service: str, near: Neighbours, tools: Tools) -> Ready:
    """Who is asked whether a service takes work."""
    if service == "backend" and near.backend:
        return backend_ready(near.backend.address, ca_file=near.backend.ca_file)
    if service == "mongodb" and near.mongodb:
        return mongodb_ready(near.mongodb, tools)
    if service == "redis" and near.redis:
        return redis_ready(near.redis, tools)
    return never_told


__all__ = [
    "TIMING",
    "Acquire",
    "Order",
    "Probe",
    "Release",
    "ServiceCrew",
    "Timing",
    "Watched",
    "crew",
    "performers_of",
]
