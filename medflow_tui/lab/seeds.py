"""Fills the lab's MongoDB with invented documents, all relative to now; run as a process of its own.

`python -m medflow_tui.lab.seeds SETTINGS` with SETTINGS a JSON file `{"mongodb_port", "identity", "passwords"
{user: password}, "devices" {deviceId: ObjectId}}`.
"""

from __future__ import annotations

import json
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bson import ObjectId
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from medflow_tui.lab.backend.tokens import hash_password
from medflow_tui.lab.people import CLINICS, DEVICES, FIRST_NAMES, LAST_NAMES, TIMEZONE, USERS
from medflow_tui.lab.ports import HOST
from medflow_tui.model.targets.mongodb import INDEXES

Document = dict[str, Any]
Documents = dict[str, list[Document]]

PATIENTS, INVOICES, AUDITS, SYNCED = 120, 160, 120, 40
PATIENCE_S = 20.0


def documents(now: datetime, passwords: dict[str, str], device_ids: dict[str, str]) -> Documents:
    """Every collection of the invented site, in order and calm at that moment."""
    dice = random.Random(7)
    clinics = [_clinic(each, now) for each in CLINICS]
    ids = {each["clinicId"]: each["_id"] for each in clinics}
    patients = [_patient(n, dice.choice(clinics)["_id"], now, dice) for n in range(1, PATIENTS + 1)]
    users = [_user(*each, passwords, ids["MATRIX_KIN"], now) for each in USERS]
    invoices = [_invoice(n, dice.choice(patients), now, dice) for n in range(1, INVOICES + 1)]
    return {
        "clinics": clinics,
        "patients": patients,
        "users": users,
        "invoices": invoices,
        "auditlogs": _audits(invoices, users, now, dice),
        "devices": [_device(each, ids, device_ids, now, dice) for each in DEVICES],
        "deviceintegrationlogs": [_integration(device_ids, n, now, dice) for n in range(40)],
        "syncqueues": [_change(n, now, dice) for n in range(SYNCED)],
        "visits": [_visit("visitId", n, dice.choice(patients), now, dice) for n in range(60)],
        "appointments": [_visit("appointmentId", n, dice.choice(patients), now, dice) for n in range(60)],
        "sync_metadata": [{"key": "lastPullTimestamp", "value": now - timedelta(minutes=3)}],
    }


def _clinic(clinic: Any, now: datetime) -> Document:
    return {
        "_id": ObjectId(),
        "clinicId": clinic.id,
        "name": clinic.name,
        "shortName": clinic.short,
        "address": {"city": clinic.city, "country": "RDC"},
        "contact": {"phone": "+243 000 000 000", "email": f"{clinic.id.lower()}@example.invalid"},
        "timezone": TIMEZONE,
        "status": "active",
        "type": clinic.type,
        "stats": {"totalPatients": 0, "totalVisitsThisMonth": 0, "activeStaff": 0},
        "isDeleted": False,
        "createdAt": now - timedelta(days=700),
    }


def _patient(number: int, clinic: ObjectId, now: datetime, dice: random.Random) -> Document:
    return {
        "_id": ObjectId(),
        "patientId": f"P{90_000 + number}",
        "firstName": dice.choice(FIRST_NAMES),
        "lastName": f"{dice.choice(LAST_NAMES)}-{number:03}",
        "homeClinic": clinic,
        "isDeleted": False,
        "createdAt": now - timedelta(days=dice.randint(1, 600)),
    }


def _user(
    name: str, first: str, last: str, role: str, passwords: dict[str, str], clinic: ObjectId, now: datetime
) -> Document:
    return {
        "_id": ObjectId(),
        "username": name,
        "email": f"{name}@example.invalid",
        "firstName": first,
        "lastName": last,
        "role": role,
        "department": "administration" if role == "admin" else "clinic",
        "password": hash_password(passwords[name]),
        "clinics": [clinic],
        "isActive": True,
        "isEmailVerified": True,
        "twoFactorEnabled": False,
        "loginAttempts": 0,
        "createdAt": now - timedelta(days=400),
    }


def _invoice(number: int, patient: Document, now: datetime, dice: random.Random) -> Document:
    """Most are paid in full, some in part, some not yet; the status follows the payments."""
    total = dice.randrange(20, 400) * 1000
    status = ("paid", "paid", "paid", "partial", "issued")[number % 5]
    paid = {"paid": total, "partial": total // 2}.get(status, 0)
    age = timedelta(minutes=7 * number) if number <= 6 else timedelta(hours=dice.uniform(2, 24 * 40))
    at = now - age
    payment = {
        "paymentId": f"PAY-{number:05}",
        "amount": paid,
        "currency": "CDF",
        "amountInBaseCurrency": paid,
        "exchangeRate": 1,
        "method": dice.choice(("cash", "card", "orange-money", "insurance")),
        "date": at,
        "reference": f"REF{number:05}",
    }
    return {
        "_id": ObjectId(),
        "invoiceId": f"INV-{number:05}",
        "status": status,
        "clinic": patient["homeClinic"],
        "patient": patient["_id"],
        "summary": {"total": total, "amountPaid": paid, "amountDue": total - paid},
        "dateIssued": at,
        "dueDate": now + timedelta(days=30),
        "payments": [payment] if paid else [],
        "version": 1,
        "createdAt": at,
        "updatedAt": at,
    }


def _audits(
    invoices: list[Document], users: list[Document], now: datetime, dice: random.Random
) -> list[Document]:
    """An entry for each payment under its real action name, and everyday reading besides."""
    entries = [
        _audit("PAYMENT_PROCESS", f"/api/invoices/{each['_id']}/payments", payment["date"], users, dice)
        for each in invoices
        for payment in each["payments"]
    ]
    for number in range(AUDITS):
        at = now - timedelta(minutes=3 + 11 * number)
        entries.append(_audit(dice.choice(("DATA_READ", "DATA_UPDATE")), "/api/visits", at, users, dice))
    return entries


def _audit(action: str, resource: str, at: datetime, users: list[Document], dice: random.Random) -> Document:
    user = dice.choice(users)
    return {
        "user": user["_id"],
        "clinic": user["clinics"][0],
        "action": action,
        "resource": resource,
        "ipAddress": "127.0.0.1",
        "responseStatus": 200,
        "responseTime": dice.randint(8, 200),
        "metadata": {"method": "POST" if action.startswith("PAYMENT") else "GET"},
        "security": {"threatLevel": "low", "suspicious": False},
        "createdAt": at,
    }


def _device(
    device: Any, clinics: dict[str, ObjectId], device_ids: dict[str, str], now: datetime, dice: random.Random
) -> Document:
    seen = now - timedelta(seconds=dice.randint(20, 240))
    method = "folder-sync" if device.share else "webhook"
    return {
        "_id": ObjectId(device_ids[device.id]),
        "deviceId": device.id,
        "name": device.name,
        "manufacturer": device.maker,
        "model": device.name,
        "serialNumber": f"LAB-{device.id}",
        "type": device.type,
        "category": "diagnostic",
        "clinic": clinics[device.clinic],
        "active": True,
        "connection": {
            "type": "network",
            "protocol": "file-based",
            "settings": {"shareProtocol": "smb", "host": HOST, "shareName": device.share},
        },
        "integration": {
            "method": method,
            "status": "connected",
            "lastSyncStatus": "success",
            "lastConnection": seen,
            "lastSync": seen,
            "consecutiveErrors": 0,
            "folderSync": {
                "enabled": bool(device.share),
                "sharedFolderPath": f"/Volumes/{device.share}",
                "syncSchedule": "0 * * * *",
                "lastFolderSync": seen,
                "filesProcessed": dice.randint(100, 900),
                "filesFailed": 0,
            },
        },
        "status": {"currentStatus": "available", "operational": True},
        "createdAt": now - timedelta(days=300),
        "updatedAt": seen,
    }


def _integration(device_ids: dict[str, str], number: int, now: datetime, dice: random.Random) -> Document:
    at = now - timedelta(minutes=6 * number + 1)
    return {
        "device": ObjectId(dice.choice(list(device_ids.values()))),
        "eventType": "FOLDER_SCAN",
        "status": "SUCCESS",
        "initiatedBy": "SYSTEM",
        "startedAt": at,
        "completedAt": at + timedelta(seconds=2),
        "folderSync": {"folderPath": "/", "filesScanned": 12, "filesNew": 1, "filesProcessed": []},
        "createdAt": at,
    }


def _change(number: int, now: datetime, dice: random.Random) -> Document:
    """A change on its way to the central server: the newest two wait, the others have arrived."""
    at = now - timedelta(minutes=2 * number, seconds=20)
    waits = number < 2
    change: Document = {
        "syncId": f"lab-{number:04}",
        "clinicId": CLINICS[number % len(CLINICS)].id,
        "operation": dice.choice(("create", "update")),
        "collection": dice.choice(("visits", "appointments", "patients")),
        "documentId": str(ObjectId()),
        "status": "pending" if waits else "synced",
        "attempts": 0 if waits else 1,
        "maxAttempts": 5,
        "nextAttempt": at,
        "errorHistory": [],
        "priority": 5,
        "conflict": {"detected": False},
        "createdAt": at,
        "updatedAt": at,
    }
    return change if waits else change | {"syncedAt": at + timedelta(seconds=30), "lastAttempt": at}


def _visit(key: str, number: int, patient: Document, now: datetime, dice: random.Random) -> Document:
    at = now - timedelta(hours=dice.uniform(1, 400))
    number_text = f"{key[0].upper()}{number:05}"
    return {
        key: number_text,
        "patient": patient["_id"],
        "clinic": patient["homeClinic"],
        "status": "completed",
        "date": at,
        "createdAt": at,
    }


def plant(port: int, identity: str, found: Documents) -> None:
    """Write everything, with the indexes that the real models have, and the identity of this lab."""
    with MongoClient[Document](
        HOST,
        port,
        directConnection=True,
        serverSelectionTimeoutMS=int(PATIENCE_S * 1000),
        heartbeatFrequencyMS=500,
    ) as client:
        database = client["medflow"]
        database["lab_identity"].insert_one({"_id": "identity", "value": identity})
        for name, rows in found.items():
            database[name].insert_many(rows)
        for index in INDEXES:
            keys = [(field, 1) for field in index.fields]
            more: Document = {"expireAfterSeconds": index.expires_s} if index.expires_s else {}
            database[index.collection].create_index(keys, **more)


def main() -> None:
    settings = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    found = documents(datetime.now(UTC), settings["passwords"], settings["devices"])
    try:
        plant(settings["mongodb_port"], settings["identity"], found)
    except PyMongoError as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
