"""Devices, their sync queue, clinics and clinic sync of the lab's backend (field sections 1.3 to 1.6)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from aiohttp import web
from bson import ObjectId
from bson.errors import InvalidId

from medflow_tui.lab.backend.answers import answer, bare_error, error, not_found_page, success
from medflow_tui.lab.backend.jobs import iso
from medflow_tui.lab.backend.login import for_roles
from medflow_tui.lab.backend.service import SERVICE, Service

STAFF = ("admin", "doctor", "nurse", "technician")
CONFIG = {
    "pollIntervalMinutes": 5,
    "enableAutoSync": True,
    "maxConcurrentSyncs": 3,
    "syncOnStartup": True,
    "watchMountedPaths": True,
    "reconnect": {
        "enabled": True,
        "maxAttempts": 10,
        "baseDelayMs": 1000,
        "maxDelayMs": 300_000,
        "backoffMultiplier": 2,
    },
}


@for_roles()
async def queue_status(request: web.Request) -> web.StreamResponse:
    return success(await request.app[SERVICE].queue.status())


@for_roles(*STAFF)
async def add_job(request: web.Request) -> web.StreamResponse:
    body = await _body(request)
    if not body.get("jobType") or not isinstance(body.get("data"), dict):
        return error("Une erreur s'est produite", 500, "SERVER_ERROR")
    options = body.get("options") or {}
    return success(await request.app[SERVICE].queue.add(str(body["jobType"]), body["data"], options))


@for_roles()
async def find_job(request: web.Request) -> web.StreamResponse:
    job = await request.app[SERVICE].queue.find(request.match_info["job"])
    return success(job) if job is not None else error("Job non trouvé(e)", 404, "NOT_FOUND")


@for_roles("admin")
async def retry_failed(request: web.Request) -> web.StreamResponse:
    return success({"retried": await request.app[SERVICE].queue.retry_failed()})


@for_roles("admin")
async def clear_failed(request: web.Request) -> web.StreamResponse:
    return success({"cleared": await request.app[SERVICE].queue.clear_failed()})


@for_roles()
async def sync_status(request: web.Request) -> web.StreamResponse:
    service = request.app[SERVICE]
    stopped = {"pending": 0, "processed": 0, "failed": 0, "message": "Service not started"}
    devices = await service.database["devices"].find({"active": True}).to_list()
    data = {
        "initialized": service.initialized,
        "service": {
            "startedAt": iso(service.sync_started) if service.sync_started else None,
            "syncCount": service.sync_count,
            "lastFullSync": None,
            "filesProcessed": 0,
            "recentErrors": [],
        },
        "queue": await service.queue.status() if service.initialized else stopped,
        "smb2": _smb2(),
        "devices": [
            {
                "deviceId": str(each["_id"]),
                "name": each["name"],
                "type": each["type"],
                "syncing": False,
                "lastSync": each["integration"].get("lastSync"),
                "lastError": None,
                "isWatched": False,
            }
            for each in devices
        ],
        "watchers": 0,
        "config": CONFIG,
    }
    return success(data)


@for_roles("admin")
async def sync_start(request: web.Request) -> web.StreamResponse:
    minutes = (await _body(request)).get("pollIntervalMinutes", 5)
    request.app[SERVICE].start_sync()
    config = CONFIG | {"pollIntervalMinutes": minutes}
    return answer({"success": True, "message": "Auto-sync service started", "config": config})


@for_roles("admin")
async def sync_stop(request: web.Request) -> web.StreamResponse:
    """Stops polling; the worker keeps running, and `initialized` stays true."""
    request.app[SERVICE].polling = False
    return answer({"success": True, "message": "Auto-sync service stopped"})


@for_roles("admin")
async def sync_all(request: web.Request) -> web.StreamResponse:
    return success(await request.app[SERVICE].sync_all())


@for_roles(*STAFF)
async def trigger(request: web.Request) -> web.StreamResponse:
    service = request.app[SERVICE]
    device = await _device(service, request.match_info["id"])
    if device is None:
        return bare_error("Resource not found", 404)
    found = next((each for each in await service.sync_all() if each["device"] == device["name"]), None)
    return success(found)


@for_roles()
async def list_devices(request: web.Request) -> web.StreamResponse:
    """Its own envelope, twenty rows a page, and the connection with its settings in clear."""
    page, limit = int(request.query.get("page", 1)), int(request.query.get("limit", 20))
    wanted: dict[str, Any] = {"active": True}
    for name, path in (
        ("type", "type"),
        ("status", "status.currentStatus"),
        ("integrationMethod", "integration.method"),
    ):
        if name in request.query:
            wanted[path] = request.query[name]
    devices = await request.app[SERVICE].database["devices"].find(wanted).sort("name").to_list()
    rows = devices[(page - 1) * limit : page * limit]
    pages = -(-len(devices) // limit)
    return answer(
        {
            "success": True,
            "count": len(rows),
            "total": len(devices),
            "page": page,
            "pages": pages,
            "data": rows,
        }
    )


@for_roles()
async def show_device(request: web.Request) -> web.StreamResponse:
    device = await _device(request.app[SERVICE], request.match_info["id"])
    return success(device) if device is not None else bare_error("Resource not found", 404)


@for_roles()
async def emptied(_request: web.Request) -> web.StreamResponse:
    """Handlers that lose their own answer: success without data means unknown."""
    return success()


@for_roles()
async def smb2_stats(_request: web.Request) -> web.StreamResponse:
    return success(_smb2())


@for_roles("admin", "manager", "doctor", "ophthalmologist")
async def list_clinics(request: web.Request) -> web.StreamResponse:
    clinics = await request.app[SERVICE].database["clinics"].find({"isDeleted": False}).to_list()
    return answer({"success": True, "count": len(clinics), "data": clinics})


@for_roles()
async def clinic_sync_status(_request: web.Request) -> web.StreamResponse:
    """Always fails: `Inventory` is imported without destructuring."""
    return bare_error("Error getting sync status", 500)


@for_roles()
async def clinic_sync_queue(request: web.Request) -> web.StreamResponse:
    wanted = {"status": request.query["status"]} if "status" in request.query else {}
    limit = int(request.query.get("limit", 50))
    items = await request.app[SERVICE].database["syncqueues"].find(wanted).limit(limit).to_list()
    return answer({"success": True, "items": items, "count": len(items)})


@for_roles()
async def central_status(_request: web.Request) -> web.StreamResponse:
    """Says that the central server is not available while it is up: its address ends in /api/sync."""
    config = {"baseUrl": "http://127.0.0.1/api/sync", "clinicId": "LOCAL"}
    return answer({"success": True, "available": False, "config": config})


@for_roles()
async def unknown(request: web.Request) -> web.StreamResponse:
    """A route that does not exist behind a router that asks for a login first."""
    return not_found_page(request.method, request.path)


def _smb2() -> dict[str, Any]:
    summary = {"total": 0, "healthy": 0, "unhealthy": 0}
    return {
        "activeConnections": 0,
        "cachedFiles": 0,
        "reconnectConfig": CONFIG["reconnect"],
        "connections": [],
        "healthSummary": summary,
    }


async def _device(service: Service, device_id: str) -> dict[str, Any] | None:
    with suppress(InvalidId):
        return await service.database["devices"].find_one({"_id": ObjectId(device_id)})
    return None


async def _body(request: web.Request) -> dict[str, Any]:
    with suppress(ValueError):
        body = await request.json()
        if isinstance(body, dict):
            return body
    return {}


ROUTES = [
    web.get("/api/devices/sync-queue/status", queue_status),
    web.post("/api/devices/sync-queue/jobs", add_job),
    web.get("/api/devices/sync-queue/jobs/{job}", find_job),
    web.post("/api/devices/sync-queue/retry-failed", retry_failed),
    web.delete("/api/devices/sync-queue/failed", clear_failed),
    web.get("/api/devices/auto-sync/status", sync_status),
    web.post("/api/devices/auto-sync/start", sync_start),
    web.post("/api/devices/auto-sync/stop", sync_stop),
    web.post("/api/devices/auto-sync/sync-all", sync_all),
    web.get("/api/devices/stream/check-all", emptied),
    web.get("/api/devices/smb2/stats", smb2_stats),
    web.post("/api/devices/{id}/auto-sync/trigger", trigger),
    web.get("/api/devices", list_devices),
    web.get("/api/devices/{id}", show_device),
    web.get("/api/clinics", list_clinics),
    web.get("/api/sync/status", clinic_sync_status),
    web.get("/api/sync/queue", clinic_sync_queue),
    web.get("/api/central/status", central_status),
    web.route("*", "/api/devices/{rest:.*}", unknown),
    web.route("*", "/api/auth/{rest:.*}", unknown),
]
