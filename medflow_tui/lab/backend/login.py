"""Login, cookies and cross-site protection of the lab's backend (field sections 1.0 and 1.2)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from medflow_tui.lab.backend import tokens
from medflow_tui.lab.backend.answers import answer, bare_error, error, success
from medflow_tui.lab.backend.service import SERVICE, Service
from medflow_tui.lab.ports import HOST

LIFE_S, REFRESH_S = 900, 14 * 86_400
FAILURES_ALLOWED, LOCK = 5, timedelta(hours=2)
CSRF_EXEMPT = (
    "/api/health",
    "/api/webhooks",
    "/api/lis/hl7",
    "/api/central",
    "/api/sync",
    *(f"/api/auth/{each}" for each in ("login", "register", "refresh", "forgot-password", "verify-2fa")),
)
Route = Callable[[web.Request], Awaitable[web.StreamResponse]]


def csrf_refusal(request: web.Request) -> web.Response | None:
    """Double submit: any matching pair passes; it comes before login and before routing."""
    if request.method not in ("POST", "PUT", "PATCH", "DELETE") or request.path.startswith(CSRF_EXEMPT):
        return None
    cookie, header = request.cookies.get("XSRF-TOKEN"), request.headers.get("X-XSRF-TOKEN")
    for wrong, code, text in (
        (not cookie, "CSRF_MISSING_COOKIE", "CSRF token cookie missing"),
        (not header, "CSRF_MISSING_HEADER", "CSRF token header missing"),
        (cookie != header, "CSRF_INVALID", "CSRF token mismatch"),
    ):
        if wrong:
            return bare_error(code, 403, message=text)
    return None


def give_csrf_cookie(request: web.Request, response: web.StreamResponse) -> None:
    """Set on any GET that came without it."""
    if request.method == "GET" and "XSRF-TOKEN" not in request.cookies:
        response.set_cookie(
            "XSRF-TOKEN", secrets.token_hex(32), max_age=86_400, secure=True, samesite="Strict"
        )


def for_roles(*roles: str) -> Callable[[Route], Route]:
    """Only for people who are logged in; with roles named, only for those (403 without a reason, as there)."""

    def wrap(route: Route) -> Route:
        async def guarded(request: web.Request) -> web.StreamResponse:
            user = await request.app[SERVICE].user_of(request)
            if user is None:
                return bare_error("Not authorized to access this route", 401)
            if roles and user["role"] not in roles:
                return answer({"success": False}, 403)
            request["user"] = user
            return await route(request)

        return guarded

    return wrap


async def login(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    refusal = service.limits.check_login(request, time.monotonic())
    if refusal is not None:
        return refusal
    body = await _body(request)
    name, password = body.get("username") or body.get("email"), body.get("password")
    if not name or not password:
        details = [{"field": "password", "message": "Mot de passe requis", "value": password}]
        return bare_error("Validation failed", 400, details=details)
    users = service.database["users"]
    try:
        user = await users.find_one({"$or": [{"username": name}, {"email": name}]})
        if user is None:
            return error("Invalid credentials", 401, "UNAUTHORIZED")
        now = datetime.now(UTC)
        if user.get("lockUntil") and user["lockUntil"] > now:
            return error("Account is locked due to multiple failed login attempts", 401, "UNAUTHORIZED")
        if not tokens.fits(str(password), user["password"]):
            failures = user.get("loginAttempts", 0) + 1
            change: dict[str, Any] = {"loginAttempts": failures}
            if failures >= FAILURES_ALLOWED:
                change["lockUntil"] = now + LOCK
            await users.update_one({"_id": user["_id"]}, {"$set": change})
            return error("Invalid credentials", 401, "UNAUTHORIZED")
        await users.update_one(
            {"_id": user["_id"]}, {"$set": {"loginAttempts": 0}, "$unset": {"lockUntil": ""}}
        )
    except Exception:
        return bare_error(f"connect ECONNREFUSED {HOST}:{service.settings['mongodb_port']}", 500)
    service.limits.forgive_login(request)
    if user.get("twoFactorEnabled"):
        data = {"requiresTwoFactor": True, "userId": str(user["_id"])}
        return success(data, "Two-factor authentication required")
    return _welcome(service, user, "Login successful")


async def refresh(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    token = request.cookies.get("refreshToken")
    if not token:
        return error("Une erreur s'est produite", 500, "SERVER_ERROR")
    claims = tokens.claims_of(token, service.settings["jwt_secret"])
    if claims is None or claims.get("tokenType") != "refresh":
        return error("Invalid refresh token", 401, "UNAUTHORIZED")
    try:
        user = await service.database["users"].find_one({"username": claims["username"]})
    except Exception:
        user = None
    return bare_error("User not found", 401) if user is None else _welcome(service, user, "")


@for_roles()
async def me(request: web.Request) -> web.StreamResponse:
    """Tells far too much, as the real one does: hashes and session tokens."""
    user = _public(request["user"])
    user["passwordHistory"] = [{"password": request["user"]["password"]}]
    user["sessions"] = [{"token": "invented-session-token"}]
    return success(user)


@for_roles()
async def logout(_request: web.Request) -> web.StreamResponse:
    response = success(message="Logged out successfully")
    for name in ("accessToken", "refreshToken"):
        response.set_cookie(name, "none", max_age=10, httponly=True)
    return response


async def csrf_token(_request: web.Request) -> web.Response:
    return answer({"success": True, "message": "CSRF token set in cookie"})


def _welcome(service: Service, user: dict[str, Any], message: str) -> web.Response:
    """No token in the body: it is only in the cookies, which are Secure in production."""
    secret, name = service.settings["jwt_secret"], user["username"]
    access = {
        "id": str(user["_id"]),
        "username": name,
        "role": user["role"],
        "tokenType": "access",
        "permissions": [],
    }
    body: dict[str, Any] = {"success": True}
    if message:
        body["message"] = message
    response = answer(body | {"expiresIn": LIFE_S, "user": _public(user)})
    flags: dict[str, Any] = {"httponly": True, "secure": True, "samesite": "Strict"}
    response.set_cookie("accessToken", tokens.sign(access, secret, LIFE_S), max_age=LIFE_S, **flags)
    again = {"id": str(user["_id"]), "username": name, "tokenType": "refresh"}
    token = tokens.sign(again, secret, REFRESH_S)
    response.set_cookie("refreshToken", token, max_age=REFRESH_S, path="/api/auth/refresh", **flags)
    return response


def _public(user: dict[str, Any]) -> dict[str, Any]:
    names = (
        "username",
        "email",
        "firstName",
        "lastName",
        "role",
        "department",
        "isEmailVerified",
        "twoFactorEnabled",
    )
    return {"id": str(user["_id"])} | {each: user.get(each) for each in names}


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


ROUTES = [
    web.post("/api/auth/login", login),
    web.post("/api/auth/refresh", refresh),
    web.post("/api/auth/logout", logout),
    web.get("/api/auth/me", me),
    web.get("/api/csrf-token", csrf_token),
]
