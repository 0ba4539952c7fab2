"""The HTTP client holds its deadline, refuses what is no answer, and says failures in words."""

from __future__ import annotations

import ipaddress
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from medflow_tui.clients.http import Answer, Web
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.model.health import Cause, Failure
from tests.contracts.scripted_web import Script, free_port, raw_server, scripted_web

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def ask(url: str, deadline_s: float = 2.0, ca_file: str = "", cap: int = 1000) -> Answer:
    with Web(url, ca_file=ca_file, now=lambda: NOW, cap=cap) as web:
        return web.ask("GET", "/health", Deadline.after(deadline_s))


def failure_of(call: Callable[[], object]) -> Failure:
    with pytest.raises(UnreachableError) as caught:
        call()
    return caught.value.failure


@pytest.mark.parametrize(
    ("first", "drip"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"a"),
        (HEAD + b"Content-Length: 900\r\n\r\n", b"a"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["says nothing", "drips its headers", "drips its body", "drips chunks", "continues for ever"],
)
def test_the_deadline_holds_for_the_whole_call(first: bytes, drip: bytes) -> None:
    with raw_server(first, drip) as url:
        started = time.monotonic()
        failure = failure_of(lambda: ask(url, 0.6))
        assert time.monotonic() - started < 1.2
    assert failure.cause is Cause.SILENT


def test_a_server_that_never_accepts_is_silent() -> None:
    with raw_server(accepts=False) as url:
        assert failure_of(lambda: ask(url, 0.3)).cause is Cause.SILENT


def test_a_frozen_process_is_silent_within_the_deadline() -> None:
    program = (
        "import http.server; s = http.server.HTTPServer(('127.0.0.1', 0), http.server.BaseHTTPRequestHandler);"
        "print(s.server_address[1], flush=True); s.serve_forever()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        try:
            assert child.stdout is not None
            url = f"http://127.0.0.1:{int(child.stdout.readline())}"
            child.send_signal(signal.SIGSTOP)
            started = time.monotonic()
            assert failure_of(lambda: ask(url, 0.5)).cause is Cause.SILENT
            assert time.monotonic() - started < 1.1
        finally:
            child.send_signal(signal.SIGCONT)
            child.kill()


def test_a_tls_handshake_that_never_ends_is_silent() -> None:
    with raw_server() as url:
        assert failure_of(lambda: ask(url.replace("http:", "https:"), 0.4)).cause is Cause.SILENT


def test_a_port_without_a_listener_refuses() -> None:
    assert failure_of(lambda: ask(f"http://127.0.0.1:{free_port()}")).cause is Cause.REFUSED


@pytest.mark.parametrize("address", ["not an address", "ftp://127.0.0.1", "http://"])
def test_what_is_no_address_is_said_so(address: str) -> None:
    assert failure_of(lambda: ask(address, 1.0)).cause in (Cause.UNRESOLVED, Cause.REFUSED)


def test_what_is_no_http_is_garbled() -> None:
    with raw_server(b"-ERR unknown command\r\n\r\n") as url:
        assert failure_of(lambda: ask(url)).cause is Cause.GARBLED


def test_plain_http_on_a_tls_address_is_said_so() -> None:
    with scripted_web() as web:
        failure = failure_of(lambda: ask(web.url.replace("http:", "https:")))
    assert failure.cause is Cause.GARBLED
    assert failure.text.text == "no TLS at port {port}"


def test_a_redirect_is_not_followed() -> None:
    with scripted_web() as web:
        web.answers["GET /health"] = Script(302, headers=(("Location", "/elsewhere"),))
        assert ask(web.url).status == 302
        assert web.paths() == ["GET /health"]


def test_cookies_are_not_kept() -> None:
    with scripted_web() as web:
        web.answers["GET /health"] = Script(200, {}, headers=(("Set-Cookie", "XSRF-TOKEN=abc; Path=/"),))
        with Web(web.url) as client:
            for _ in range(2):
                answer = client.ask("GET", "/health", Deadline.after(2))
        assert answer.header("set-cookie").startswith("XSRF-TOKEN=abc")
        assert all("cookie" not in each.headers for each in web.calls)


def test_a_body_larger_than_the_cap_is_refused() -> None:
    with scripted_web() as web:
        web.answers["GET /health"] = Script(200, b"x" * 5000)
        assert failure_of(lambda: ask(web.url)).cause is Cause.GARBLED


def test_a_compressed_body_is_refused() -> None:
    with scripted_web() as web:
        web.answers["GET /health"] = Script(200, b"\x1f\x8b", headers=(("Content-Encoding", "gzip"),))
        assert failure_of(lambda: ask(web.url)).cause is Cause.GARBLED


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ((("Retry-After", "860"),), 860),
        ((("Retry-After", "Mon, 02 Mar 2026 09:02:00 GMT"),), 120),
        ((("RateLimit-Reset", "30"),), 30),
        ((("Retry-After", "soon"),), 60),
        ((("Retry-After", "99999999999"),), 86_400),
        ((), 60),
    ],
)
def test_429_is_limited_until_the_moment_that_the_server_names(
    headers: tuple[tuple[str, str], ...], wait_s: int
) -> None:
    with scripted_web() as web:
        web.answers["GET /health"] = Script(429, {"success": False}, headers=headers)
        failure = failure_of(lambda: ask(web.url))
    assert (failure.cause, failure.until) == (Cause.LIMITED, NOW + timedelta(seconds=wait_s))


@pytest.mark.parametrize(
    "script",
    [
        Script(200, b"<!DOCTYPE html><html></html>", "application/json"),
        Script(200, b"<html></html>", "text/html"),
        Script(200, b"[1, 2]", "application/json"),
        Script(200, b"{", "application/json"),
        Script(200, b"[" * 900, "application/json"),
        Script(200, b"\xff\xfe", "application/json"),
    ],
)
def test_what_is_no_json_object_is_garbled(script: Script) -> None:
    with scripted_web() as web:
        web.answers["GET /health"] = script
        assert failure_of(lambda: ask(web.url).json()).cause is Cause.GARBLED


def test_an_answer_does_not_show_its_body() -> None:
    with scripted_web() as web:
        web.answers["GET /health"] = Script(200, b"secret")
        assert "secret" not in repr(ask(web.url))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate with its key in one PEM file, for localhost."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_a_certificate_is_trusted_only_by_the_ca_file(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with scripted_web(context) as web:
        web.answers["GET /health"] = Script(200, {"status": "ok"})
        assert failure_of(lambda: ask(web.url)).cause is Cause.UNTRUSTED
        assert ask(web.url, ca_file=str(certificate)).json() == {"status": "ok"}


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_ca_file_that_cannot_be_used_is_ours_to_mend(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    assert failure_of(lambda: ask("https://127.0.0.1:1", ca_file=str(path))).cause is Cause.FORBIDDEN
