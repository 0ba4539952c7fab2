"""Names of patients' files in paths and in URLs: the share or the folder of the program stays, what is below it goes."""

from __future__ import annotations

import re

from medflow_tui.rules.redacting.fields import Sort, sort_of
from medflow_tui.rules.redacting.words import (
    CAPITALISED,
    FILE,
    ID,
    PLACEHOLDERS,
    SEARCH,
    without_common,
    words_of,
)

_ENDING = r"(?:dcm30|dcm|dicom|jpe?g|png|tiff?|bmp|gif|pdf|mp4|avi|mov|hl7|docx?|xlsx?|heic|webp)"
_ANY_ENDING = r"(?:dcm30|dcm|dicom|jpe?g|png|tiff?|bmp|gif|pdf|mp4|avi|mov|hl7|docx?|xlsx?|heic|webp|xml|json|csv|txt|html?|zip|dat|bin)"
_SHARE = r"[^/\\\"'`\n,;:<>|\[]{0,60}[^\s/\\\"'`\n,;:<>|\[]"
_ROOT = (
    rf"(?:/Volumes/{_SHARE}|/(?:tmp/medflow_mounts|mnt|media)/{_SHARE}|/tmp/[\w-]+_mount"
    rf"|(?<![:\w/\\])(?:\\\\+|//)[\w.@-]+[\\/]+{_SHARE}|(?:smb|cifs)://[^\s/]+/{_SHARE}"
    r"|[A-Za-z]:[\\/]+(?:tonoref|tomey|solix|export|archives?|MedFlow[\\/]+(?:device-imports|uploads|archives?))"
    r"|(?<![\w-])(?:uploads?|device-imports|imports|imaging|device-data|patient-files|archives))"
)
_STOP = r"\"'`\n<>|*?"
_INNER = r"(?<=\w)'(?=\w)"  # the apostrophe of a name, not the end of a quotation
_BELOW = re.compile(
    rf"({_ROOT}[\\/]++)"
    rf"(?!\[file\])(?:(?:processed|errors|archive|import|export)(?=[\s{_STOP},;:)\]]|\Z)"
    rf"|((?:(?:[^{_STOP}]|{_INNER})*?\.{_ANY_ENDING}(?![\w]|\.\w)|(?:\[[a-z-]+\]|[^\s{_STOP},;)\]]|{_INNER})+(?: (?-i:[A-ZÀ-Þ])(?:\[[a-z-]+\]|[^\s{_STOP},;)\]]|{_INNER})*)*)))",
    re.IGNORECASE,
)
_ROOT_MARKS = (
    "/volumes/", "medflow_mounts", "/mnt/", "/media/", "_mount", "\\\\", "//", ":/", ":\\", "upload", "import", "imaging",
    "archive", "device-data", "patient-files",
)  # fmt: skip
_PICTURE_ENDING = re.compile(rf"\.{_ENDING}(?![\w]|\.\w)", re.IGNORECASE)
_STEM = re.compile(r"[^\s\"'`<>|*?,;:=()\[\]{}/\\]{1,255}\Z")
_WORDS_BEFORE = re.compile(rf"(?:(?<![\w/\\.-]){CAPITALISED} )+\Z")
_ASSETS = re.compile(r"/(?:assets|static|icons|public|dist|node_modules)/[\w./-]*\Z", re.IGNORECASE)

_PARAMETER = re.compile(
    r"([?&;])([\w.\[\]%-]+)=((?:[^\s&\"'`<>#]|'(?=[\w%]))*)((?: [^\"'`\n]{0,80}?(?= HTTP/\d))|(?: (?!HTTP/)"
    + CAPITALISED
    + r")*)"
)
_KEPT_PARAMETERS = words_of("""
    page limit perpage pagesize size offset skip sort sortby sortorder order status state type kind level format lang locale
    start end startdate enddate date since until from to clinic clinicid city force active category department priority
    period range interval fields include populate replicaset authsource authmechanism ssl tls retrywrites w directconnection
    serverselectiontimeoutms maxpoolsize minpoolsize appname v transport eio upgrade family db timeout encoding deviceid
""")
_PATIENT_URL = re.compile(r"(/(?:patients?|dossiers?)/)((?:\[[a-z-]+\]|[^\s?\"'`#<>,;)\]])+)", re.IGNORECASE)
_ROUTE_WORD = re.compile(r":?[a-z][a-zA-Z-]*\Z")
_SEARCHING = frozenset(
    ("search", "by-name", "byname", "name", "autocomplete", "lookup", "find", "recherche", "q")
)


def hide_below(text: str) -> str:
    """What lies below a share or a folder of patients' files.

    >>> hide_below("New file: /Volumes/ZEISS RETINO/KABONGO MARIE/scan 1.jpg")
    'New file: /Volumes/ZEISS RETINO/[file]'
    """
    lower = text.lower()
    if not any(each in lower for each in _ROOT_MARKS):
        return text
    return _BELOW.sub(lambda found: found[1] + FILE if found[2] else found[0], text)


def hide_pictures(text: str) -> str:
    """Names of images, scans and documents wherever they stand, except the web page's own.

    >>> hide_pictures("File KABONGO Marie.jpg skipped")
    'File [file] skipped'
    """
    pieces: list[str] = []
    done = 0
    for ending in _PICTURE_ENDING.finditer(text):
        stem = _STEM.search(text, max(done, ending.start() - 255), ending.start())
        if stem is None or _ASSETS.search(text[max(0, stem.start() - 80) : stem.start()]):
            continue
        start = stem.start()
        before = _WORDS_BEFORE.search(text, max(done, start - 120), start)
        if before is not None:
            start = before.start() + len(without_common(before[0])[0])
        pieces += (text[done:start], FILE)
        done = ending.end()
    return "".join((*pieces, text[done:])) if pieces else text


def hide_parameters(text: str) -> str:
    """Values after `?` in a URL, except of parameters that are known to say nothing about people.

    >>> hide_parameters("GET /api/patients/search?q=KABONGO%20Marie&page=2 200")
    'GET /api/patients/search?q=[search]&page=2 200'
    """
    return _PARAMETER.sub(_parameter, text)


def _parameter(found: re.Match[str]) -> str:
    mark, key, value, more = found[1], found[2], found[3], found[4]
    if not value and not more:
        return found[0]
    plain = key.lower().replace("_", "").replace("-", "")
    if value.startswith(PLACEHOLDERS) or plain in _KEPT_PARAMETERS:
        return found[0]
    if value.isdigit() and len(value) <= 4:
        return found[0]
    if plain == "key":
        return f"{mark}{key}=[token]"
    sort = sort_of(key) or Sort.SEARCH
    return f"{mark}{key}={SEARCH if sort in (Sort.ECHO, Sort.KEYED) else sort.placeholder}"


def hide_patient_urls(text: str) -> str:
    """Numbers and names in the path of a patient's page; the words of the route stay.

    >>> hide_patient_urls("GET /api/patients/10233/visits")
    'GET /api/patients/[id]/visits'
    """
    return _PATIENT_URL.sub(_patient_url, text)


def _patient_url(found: re.Match[str]) -> str:
    segments, searching = [], False
    for segment in found[2].split("/"):
        if searching and segment and not segment.startswith("["):
            segments.append(SEARCH)
        elif not segment or segment.startswith(PLACEHOLDERS) or _ROUTE_WORD.match(segment):
            segments.append(segment)
        else:
            segments.append(ID)
        searching = segment.lower() in _SEARCHING
    return found[1] + "/".join(segments)
