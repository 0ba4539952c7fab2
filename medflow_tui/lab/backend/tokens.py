"""Passwords and access tokens of the lab's backend."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from typing import Any

ROUNDS = 2000  # invented people need no strong hash, and the lab starts on slow machines


def hash_password(password: str) -> str:
    """`salt$digest` in hex (the real backend uses bcrypt)."""
    salt = os.urandom(8)
    return f"{salt.hex()}${hashlib.pbkdf2_hmac('sha256', password.encode(), salt, ROUNDS).hex()}"


def fits(password: str, stored: str) -> bool:
    salt, _, digest = stored.partition("$")
    found = hashlib.pbkdf2_hmac("sha256", password.encode(), bytes.fromhex(salt), ROUNDS).hex()
    return hmac.compare_digest(found, digest)


def sign(claims: dict[str, Any], secret: str, life_s: int) -> str:
    """A JSON Web Token, HS256."""
    now = int(time.time())
    head = _pack(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = _pack(json.dumps(claims | {"iat": now, "exp": now + life_s}).encode())
    return f"{head}.{body}.{_seal(f'{head}.{body}', secret)}"


def claims_of(token: str, secret: str) -> dict[str, Any] | None:
    """What a token says, or None when it is not ours or has expired."""
    try:
        head, body, seal = token.split(".")
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except ValueError:
        return None
    if not hmac.compare_digest(seal, _seal(f"{head}.{body}", secret)) or claims.get("exp", 0) < time.time():
        return None
    return claims


def _seal(text: str, secret: str) -> str:
    return _pack(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def _pack(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
