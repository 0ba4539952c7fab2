"""A service of docker compose on a real engine: told, measured, held over a new start of the engine, interrupted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors import look
from medflow_tui.model.health import Cause
from medflow_tui.model.procedure import Outcome
from tests.servers.docker import IMAGE, Docker, UnavailableError, running
from tests.servers.service_steps import Work, killed_while, target_of

pytestmark = pytest.mark.real_server

SECRET = "JWT_planted_9c41d2"
PROJECT = "medflow"
SERVICES = f"""
version: "2.4"
services:
  backend:
    image: {IMAGE}
    network_mode: none
    restart: always
    environment: ["JWT_SECRET={SECRET}"]
    volumes: ["{{folder}}:/lives"]
    command:
      - /bin/sh
      - -c
      - 'trap "echo term >> /lives/log; sleep 1; exit 0" TERM; echo start >> /lives/log; echo "fell over" >&2;
        while :; do sleep 0.1; done'
  falls:
    image: {IMAGE}
    network_mode: none
    command: ["/bin/sh", "-c", "sleep 0.2; exit 3"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine")


@pytest.fixture(scope="module")
def docker(folder: Path) -> Iterator[Docker]:
    try:
        with running(folder) as found:
            yield found
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture
def lives(docker: Docker, tmp_path: Path) -> Iterator[Path]:
    """The services brought up by compose; the folder in which the backend writes each of its starts."""
    file = tmp_path / "compose.yml"
    file.write_text(SERVICES.replace("{folder}", str(tmp_path)))
    docker.compose(file, PROJECT, "up", "--detach")
    try:
        await_that(lambda: starts(tmp_path) == 1)
        yield tmp_path
    finally:
        docker.compose(file, PROJECT, "down", "--timeout", "3")


def await_that(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


def lines(folder: Path) -> list[str]:
    path = folder / "log"
    return path.read_text().split() if path.exists() else []


def starts(folder: Path) -> int:
    return lines(folder).count("start")


def table(docker: Docker, service: str = "backend") -> dict[str, Any]:
    return {
        "name": "backend",
        "manager": "compose",
        "unit": service,
        "compose_project": PROJECT,
        "docker_socket": docker.socket,
    }


def work(docker: Docker, folder: Path, service: str = "backend") -> Work:
    return Work.at(target_of(table(docker, service)), folder)


def test_it_is_restarted_stopped_and_started_and_no_secret_is_kept(docker: Docker, lives: Path) -> None:
    steps = work(docker, lives)
    found = steps.whole("service.restart")
    assert [each.outcome for each in found] == [Outcome.PASS] * 3
    assert found[2].facts["now.pid"] != found[0].facts["before.pid"]
    assert (starts(lives), lines(lives).count("term")) == (2, 1)
    assert steps.whole("service.stop")[2].outcome is Outcome.PASS
    assert steps.whole("service.start")[2].outcome is Outcome.PASS
    captured = steps.ask("service.capture", lambda each: each.verify)
    assert "fell over" in Path(str(captured.facts["crash.raw"])).read_text()
    assert SECRET not in repr((steps, found, captured))


def test_a_container_that_falls_at_once_was_not_restarted_whatever_docker_says(
    docker: Docker, lives: Path
) -> None:
    steps = work(docker, lives, "falls")
    steps.timeout_s = 12
    _, carried, verified = steps.whole("service.restart")
    assert (carried.facts["told.answer"], carried.facts["told.exit"]) == ("pass", 0), "docker does end with 0"
    assert (carried.outcome, verified.outcome) == (Outcome.FAIL, Outcome.FAIL)
    assert look(target_of(table(docker, "falls")), Deadline.after(5)).exit_code == 3


def test_killed_while_the_order_is_on_its_way_it_is_not_made_again(docker: Docker, lives: Path) -> None:
    steps = work(docker, lives)
    killed_while(steps, table(docker), "service.restart", stops="inside", when=lambda: "term" in lines(lives))
    reconciled, verified = steps.resumed("service.restart")
    assert (reconciled, verified.outcome) == (Outcome.PASS, Outcome.PASS)
    assert starts(lives) == 2


def test_a_service_that_compose_does_not_know_is_absent(docker: Docker, lives: Path) -> None:
    with pytest.raises(UnreachableError) as caught:
        look(target_of(table(docker, "absent")), Deadline.after(5))
    assert caught.value.failure.cause is Cause.ABSENT


def test_an_engine_that_is_away_says_nothing_of_the_service(docker: Docker, tmp_path: Path) -> None:
    away = target_of({**table(docker), "docker_socket": f"unix://{tmp_path}/none"})
    with pytest.raises(UnreachableError) as caught:
        look(away, Deadline.after(5))
    assert caught.value.failure.cause is Cause.REFUSED


def test_held_it_stays_stopped_when_the_engine_starts_anew_and_the_release_puts_its_policy_back(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("rebooted")
    file = folder / "compose.yml"
    file.write_text(SERVICES.replace("{folder}", str(folder)))
    try:
        with running(folder) as first:
            first.compose(file, PROJECT, "up", "--detach", "backend")
            await_that(lambda: starts(folder) == 1)
            steps = work(first, folder)
            assert steps.whole("service.hold_acquire")[2].outcome is Outcome.PASS
        with running(folder) as second:
            again = work(second, folder)
            again.past = steps.past
            assert again.ask("service.hold_probe", lambda each: each.verify).outcome is Outcome.PASS
            assert starts(folder) == 1
            assert again.whole("service.hold_release")[2].outcome is Outcome.PASS
            assert starts(folder) == 2
        with running(folder) as third:
            await_that(lambda: starts(folder) == 3)  # by the policy that was put back
            third.compose(file, PROJECT, "down", "--timeout", "3")
    except UnavailableError as error:
        pytest.skip(str(error))
