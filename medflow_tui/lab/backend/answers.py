"""The envelopes and error shapes of the real backend (field section 1.0)."""

from __future__ import annotations

import html
import json
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from bson import ObjectId

from medflow_tui.lab.backend.jobs import iso


def now_text() -> str:
    return iso(datetime.now(UTC))


def answer(body: Any, status: int = 200) -> web.Response:
    """Plain JSON, with documents of MongoDB written as Mongoose writes them."""
    return web.json_response(body, status=status, dumps=lambda value: json.dumps(value, default=_plain))


def success(data: Any = None, message: str = "") -> web.Response:
    """`utils/apiResponse.js`; without data everything is lost, as there."""
    body: dict[str, Any] = {"success": True}
    if message:
        body["message"] = message
    if data is not None:
        body["data"] = data
    return answer(body | {"meta": {"timestamp": now_text()}})


def error(text: str, status: int, code: str) -> web.Response:
    return answer({"success": False, "error": text, "code": code, "meta": {"timestamp": now_text()}}, status)


def bare_error(text: str, status: int, **more: Any) -> web.Response:
    return answer({"success": False, "error": text, **more}, status)


def not_found_page(method: str, path: str) -> web.Response:
    """What express says about any unknown route: HTML, never JSON."""
    text = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n<body>\n'
        f"<pre>Cannot {html.escape(method)} {html.escape(path)}</pre>\n</body>\n</html>\n"
    )
    return web.Response(text=text, status=404, content_type="text/html", charset="utf-8")


def _plain(value: Any) -> str:
    match value:
        case datetime():
            return iso(value if value.tzinfo else value.replace(tzinfo=UTC))
        case ObjectId():
            return str(value)
    raise TypeError(type(value).__name__)
