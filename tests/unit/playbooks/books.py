"""A playbook that uses everything a playbook may say, for tests: `book(...)` with any part of it replaced."""

from __future__ import annotations

import re

HEAD = """
schema = 1

[playbook]
id = "restore-clinic"
version = "1.0.0"
title = "Guided restore"
title_fr = "Restauration guidée"
class = "R4"
owner = "dba"
summary = "Loads a backup beside the live data, then switches."
summary_fr = "Charge une sauvegarde à côté, puis bascule."
fits = ["mongodb"]

[[symptom]]
say = "Patients' data is damaged"
say_fr = "Données des patients abîmées"

[access]
roles = ["admin"]
reauth_s = 300

[approval]
count = 1
roles = ["dba"]
distinct_from_requester = true
bind_to = "plan_hash"
expires_s = 1800
remote_code = true

[override]
allowed = true
roles = ["dba"]
reason_min_chars = 40
notify = ["central"]

[confirm]
kind = "typed"
phrase = "RESTORE {site_code}"

[window]
deny = ["clinic_hours"]
deny_message = "People are working."
deny_message_fr = "Des gens travaillent."

[locks]
names = ["db:medflow", "backup:medflow"]
ttl_s = 60

[limits]
max_runs = 2
per_s = 86400
cool_down_s = 900
then = "escalate:dba"

[blast]
say = "{users:number} people are working"
say_fr = "{users:number} personnes travaillent"

[[input]]
id = "backup"
kind = "choice"
label = "Which backup?"
label_fr = "Quelle sauvegarde ?"
options_from = "mongo.backups"
"""
GUARD = """
[[guard]]
id = "{kind}"
kind = "{kind}"
why = "So that it holds."
why_fr = "Pour que cela tienne."
fix = "Mend it."
fix_fr = "Réparez."
"""
GUARDS = "".join(
    GUARD.format(kind=each) for each in ("environment", "identity", "journal", "nobody_else", "disk", "power")
)
BACKUP = GUARD.format(kind="backup_first") + "need = { max_age_s = 3600 }\n"
HOLDS = """
[[hold]]
id = "app_stopped"
title = "Application stopped"
title_fr = "Application arrêtée"
acquire = "service.stop"
release = "service.start"
probe = "service.is_stopped"
args = { service = "backend" }
survives_reboot = true
why = "Nobody may write meanwhile."
why_fr = "Personne ne doit écrire pendant ce temps."
fix = "Stop it again."
fix_fr = "Arrêtez-la de nouveau."
"""
STEPS = """
[[step]]
id = "load"
title = "Load beside"
title_fr = "Charger à côté"
action = "mongo.load"
args = { backup = "{input_backup}", label = "stg-{run_id}" }
effect = "staging"
on_unknown = "cleanup_then_rerun"
cleanup = "mongo.drop_staging"
timeout_s = 14400
stall_s = 300
warn_s = 7200

[step.expect]
exit = [0]
stdout_require = ["restored successfully"]
stderr_forbid = ["^Failed:"]
numbers = { failed_documents = 0, restored = "plan.documents" }

[[step]]
id = "agree"
title = "Read this together"
title_fr = "Lisez ensemble"
kind = "checklist"
needs_people = 2

[[step.items]]
say = "Site on the banner"
say_fr = "Site sur la bannière"
answer = "{site_code}"

[[step.items]]
say = "Documents loaded"
say_fr = "Documents chargés"
answer = "{load.restored}"

[[step]]
id = "stop_app"
title = "Stop the application"
title_fr = "Arrêter l'application"
action = "hold.acquire"
args = { holds = ["app_stopped"] }
effect = "disruptive"
on_unknown = "rerun"
undo = "hold.release"

[[step]]
id = "switch"
title = "Switch"
title_fr = "Basculer"
action = "mongo.switch"
requires = ["app_stopped"]
effect = "switch"
point_of_change = true
on_unknown = "ask"
undo = "mongo.switch_back"
undo_args = { keep = true }
undo_valid_s = 86400
stop_text = "Finishes this rename first."
stop_text_fr = "Finit d'abord ce renommage."

[[step]]
id = "check_live"
title = "Check the live data"
title_fr = "Vérifier les données"
action = "mongo.verify"
effect = "read"
requires = ["app_stopped"]
on_fail = "undo:switch"
on_unknown = "ask"

[[step]]
id = "reopen"
title = "Let people in"
title_fr = "Rouvrir"
action = "hold.release"
args = { holds = ["app_stopped"] }
effect = "disruptive"
on_unknown = "rerun"
undo = "hold.acquire"

[[step]]
id = "settle"
title = "What to send"
title_fr = "Que renvoyer"
kind = "decision"
roles = ["dba"]

[[step.choices]]
id = "keep"
say = "Keep all"
say_fr = "Tout garder"

[[step.choices]]
id = "halt"
say = "Stop here"
say_fr = "Arrêter ici"
stops = true

[[step]]
id = "look"
title = "Look"
title_fr = "Regarder"
run = ["/usr/bin/mongosh", "--version"]
effect = "read"

[step.expect]
stdout_require = ["."]
"""
FULL = HEAD + GUARDS + HOLDS + STEPS
"""As a run of an earlier version may have kept it: nothing in it asks for a backup."""
SOUND = HEAD + GUARDS + BACKUP + HOLDS + STEPS


def book(pattern: str = "", by: str = "", source: str = FULL) -> str:
    """The source with the first match of a pattern replaced."""
    if not pattern:
        return source
    found, count = re.subn(pattern, lambda _: by, source, count=1, flags=re.MULTILINE)
    assert count == 1, pattern
    return found
