"""The central server of the lab, and on further ports the OCR and the face service (field sections 1.8 and 1.9).

`python -m medflow_tui.lab.central SETTINGS` with SETTINGS a JSON file `{"port", "ocr_port", "face_port",
"switches" (path)}`. The file of switches is read at each call: `{"clinics_seen": {clinicId: ISO time}}`.
"""

from __future__ import annotations

import json
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from medflow_tui.lab.backend.jobs import iso
from medflow_tui.lab.people import CLINICS, LabClinic
from medflow_tui.lab.ports import HOST

ONLINE_S = 300  # the central server's own idea, whatever a clinic's interval is


def last_seen(clinic: LabClinic, now: datetime, switches: dict[str, Any]) -> datetime:
    """When a clinic last pushed: by its own interval, unless a fault says otherwise."""
    ordered = switches.get("clinics_seen", {}).get(clinic.id)
    if ordered:
        return datetime.fromisoformat(ordered)
    return now - timedelta(seconds=5 + now.timestamp() % clinic.every_s)


def dashboard(now: datetime, switches: dict[str, Any]) -> dict[str, Any]:
    """The body of /api/dashboard, which needs no login."""
    rows = []
    for clinic in CLINICS:
        seen = last_seen(clinic, now, switches)
        rows.append(
            {
                "clinicId": clinic.id,
                "name": clinic.name,
                "shortName": clinic.short,
                "connection": {"lastSeenAt": iso(seen)},
                "stats": {"totalPatients": 30, "totalVisits": 15},
                "isOnline": (now - seen).total_seconds() <= ONLINE_S,
            }
        )
    online = sum(bool(each["isOnline"]) for each in rows)
    return {
        "clinics": {"total": len(rows), "online": online, "list": rows},
        "patients": {"total": 120},
        "inventory": {"alerts": 0, "alertItems": [], "transferRecommendations": []},
        "financial": {"totalRevenue": 0, "totalPaid": 0, "invoiceCount": 160},
    }


def answer(settings: dict[str, Any], port: int, path: str, now: datetime) -> tuple[int, dict[str, Any]]:
    """Status and body for a GET of `path` on one of the three ports."""
    at = {"timestamp": iso(now)}
    match port, path:
        case (here, "/health") if here == settings["port"]:
            return 200, {
                "status": "ok",
                "service": "central-server",
                "version": "1.0.0",
                "mongodb": "connected",
            } | at
        case (here, "/api/dashboard") if here == settings["port"]:
            switches: dict[str, Any] = {}
            with suppress(OSError, ValueError):
                switches = json.loads(Path(settings["switches"]).read_text(encoding="utf-8"))
            return 200, {"success": True, "dashboard": dashboard(now, switches)}
        case (here, _) if here == settings["port"] and path.startswith(("/api/sync", "/api/clinics")):
            return 401, {"success": False, "error": "Missing clinic credentials"}
        case (here, "/health") if here == settings["ocr_port"]:
            body = {"status": "healthy", "version": "1.0.0", "redis_connected": True, "ocr_ready": True}
            return 200, body | {"network_shares": {"TOMEY": True}}
        case (here, "/health") if here == settings["face_port"]:
            body = {
                "status": "healthy",
                "service": "face-recognition",
                "version": "2.0.0",
                "backend": "DeepFace",
            }
            return 200, body | at
    return 404, {"success": False, "error": "Endpoint not found", "path": path}


class Visit(BaseHTTPRequestHandler):
    """One connection; the server knows the settings."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        assert isinstance(self.server, Port)
        path = self.path.partition("?")[0]
        status, body = answer(self.server.settings, self.server.server_port, path, datetime.now(UTC))
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815 - named so by the library

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named so by the library
        """Nothing."""


class Port(ThreadingHTTPServer):
    """One of the three listeners."""

    daemon_threads = True

    def __init__(self, port: int, settings: dict[str, Any]) -> None:
        self.settings = settings
        super().__init__((HOST, port), Visit)


def main() -> None:
    settings = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    central, *others = (Port(settings[name], settings) for name in ("port", "ocr_port", "face_port"))
    for each in others:
        threading.Thread(target=each.serve_forever, args=(5.0,), daemon=True).start()
    central.serve_forever(5.0)


if __name__ == "__main__":
    main()
