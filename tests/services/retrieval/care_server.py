"""A provider's FHIR server on this machine, as far as a searcher meets one.

It holds what it is given of each patient, searches by POST, pages by links that are good for
one search, and can be told to refuse, to be silent or to break off. Whatever it is asked is
kept as it came, so that a test can look for what must not be there.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

BASE: Final = "/fhir/R4"
_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number|"
_FHIR: Final = "application/fhir+json"

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came. `target` is the path with its query."""

    method: str
    target: str
    form: dict[str, list[str]]
    headers: dict[str, str]

    @property
    def kind(self) -> str:
        return self.target.removeprefix(f"{BASE}/").partition("/")[0]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is answered in place of the truth. `silent` never answers."""

    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"resourceType": "OperationOutcome"}'
    silent: bool = False


@dataclass(slots=True)
class CareServerStub:
    """`holds` are resources by NHS number. `faults` are answered first, once each.

    `down` answers everything while it is set, `refuses` the searches for a kind of resource.
    `wants` is the authorisation without which nothing is answered. `next_link` is how the
    address of a further page is written: with `base`, `token`, `kind` and `number`. `forgets`
    loses every such address at once. `ignores` searches for nobody in particular: each search
    finds what is held of everybody.
    """

    port: int = 0
    holds: dict[str, list[Resource]] = field(default_factory=dict)
    wants: str | None = None
    faults: list[Fault] = field(default_factory=list)
    down: Fault | None = None
    refuses: dict[str, int] = field(default_factory=dict)
    next_link: str = "{base}?_getpages={token}"
    forgets: bool = False
    ignores: bool = False
    asked: list[Asked] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    _pages: dict[str, Resource] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}{BASE}"

    @property
    def searches(self) -> list[str]:
        """The kinds that were searched for, in the order of asking; pages left out."""
        return [a.kind for a in self.asked if "_getpages" not in f"{a.target}{a.form}"]

    def fresh(self) -> CareServerStub:
        """Forget everything but the address: for the next test on the same server."""
        clean = CareServerStub(port=self.port, stopped=self.stopped)
        for name in ("holds", "wants", "faults", "down", "refuses", "next_link"):
            setattr(self, name, getattr(clean, name))
        self.forgets, self.ignores, self.asked, self._pages = False, False, [], {}
        return self

    def answer(self, asked: Asked) -> Fault:
        """Give what is answered to a request."""
        if self.faults:
            return self.faults.pop(0)
        if self.down is not None:
            return self.down
        if self.wants is not None and asked.headers.get("authorization") != self.wants:
            return Fault(401)
        query = parse_qs(urlsplit(asked.target).query)
        page = (query.get("_getpages") or asked.form.get("_getpages") or [""])[0]
        if page:
            known = self._pages.get(page)
            return _ok(known) if known is not None and not self.forgets else Fault(410)
        if asked.method != "POST" or not urlsplit(asked.target).path.endswith("/_search"):
            return Fault(405)
        refused = self.refuses.get(asked.kind)
        return Fault(refused) if refused is not None else _ok(self._searched(asked))

    def _searched(self, asked: Asked) -> Resource:
        form = asked.form
        patient = next(v[0] for n, v in form.items() if n.startswith("patient"))
        number = patient.removeprefix(_NUMBER)
        everybody = [r for held in self.holds.values() for r in held]
        held = everybody if self.ignores else self.holds.get(number, [])
        found = [r for r in held if r["resourceType"] == asked.kind and _within(r, form["date"])]
        if form.get("_summary") == ["count"]:
            return {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
        others = [r for r in held if r["resourceType"] in {"Patient", "Organization"}]
        size = int(form["_count"][0])
        chunks = [found[at : at + size] for at in range(0, len(found), size)] or [[]]
        search = len(self.asked)
        pages = [_page(chunk, others, len(found)) for chunk in chunks]
        for index, page in enumerate(pages):
            if index + 1 < len(pages):
                token = f"{search}-{index + 1}"
                self._pages[token] = pages[index + 1]
                url = self.next_link.format(
                    base=self.base,
                    token=token,
                    kind=asked.kind,
                    number=quote(number),
                )
                page["link"].append({"relation": "next", "url": url})
        return pages[0]


def _ok(body: Resource) -> Fault:
    return Fault(200, body=json.dumps(body).encode())


def _page(found: list[Resource], others: list[Resource], total: int) -> Resource:
    entries = [{"resource": r, "search": {"mode": "match"}} for r in found]
    entries += [{"resource": r, "search": {"mode": "include"}} for r in others if found]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": total,
        "link": [{"relation": "self", "url": "https://care.example/self"}],
        "entry": entries,
    }


def _within(resource: Resource, dates: list[str]) -> bool:
    said = resource.get("start") or resource["period"]["start"]
    day = datetime.fromisoformat(said).date().isoformat()
    tests = {"ge": lambda limit: day >= limit, "le": lambda limit: day <= limit}
    return all(tests[date[:2]](date[2:]) for date in dates)


def a_patient(number: str, own: str = "p1", *, born: str = "2021-01-15") -> Resource:
    return {
        "resourceType": "Patient",
        "id": own,
        "identifier": [{"system": _NUMBER.rstrip("|"), "value": number}],
        "birthDate": born,
    }


def an_appointment(
    own: str,
    start: datetime,
    *,
    status: str = "noshow",
    specialty: str = "290",
    patient: str = "p1",
    version: int = 1,
) -> Resource:
    """An appointment. Specialty 560 is midwifery, 290 community paediatrics."""
    system = "https://fhir.nhs.uk/CodeSystem/NHSDataModelAndDictionary-treatment-function"
    return {
        "resourceType": "Appointment",
        "id": own,
        "meta": {"versionId": str(version), "lastUpdated": start.isoformat()},
        "status": status,
        "specialty": [{"coding": [{"system": system, "code": specialty}]}],
        "start": start.isoformat(),
        "comment": "Words of a clinician that must stay where they are",
        "participant": [{"actor": {"reference": f"Patient/{patient}"}, "status": "accepted"}],
    }


def an_emergency(own: str, start: datetime, *, patient: str = "p1") -> Resource:
    """An arrival at an emergency department."""
    system = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    return {
        "resourceType": "Encounter",
        "id": own,
        "meta": {"versionId": "1", "lastUpdated": start.isoformat()},
        "status": "finished",
        "class": {"system": system, "code": "EMER"},
        "subject": {"reference": f"Patient/{patient}"},
        "period": {"start": start.isoformat()},
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, stub: CareServerStub, *given: Any) -> None:
        self.stub = stub
        super().__init__(*given)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self._said(parse_qs(body.decode(), keep_blank_values=True, strict_parsing=True))

    def do_GET(self) -> None:
        self._said({})

    def _said(self, form: dict[str, list[str]]) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, self.path, form, headers)
        self.stub.asked.append(asked)
        said = self.stub.answer(asked)
        if said.silent:
            self.stub.stopped.wait()
            self.close_connection = True
            return
        self.send_response(said.status)
        for name, value in {"content-type": _FHIR, **said.headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(said.body)))
        self.end_headers()
        self.wfile.write(said.body)

    def log_message(self, *_given: Any) -> None:
        """Say nothing: the tests read what was asked."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_given: Any) -> None:
        """A client that hangs up is what some tests are about."""


@contextmanager
def a_care_server() -> Iterator[CareServerStub]:
    """Serve until the block ends."""
    stub = CareServerStub()

    def handler(*given: Any) -> _Handler:
        return _Handler(stub, *given)

    server = _Server(("127.0.0.1", 0), handler)
    stub.port = server.server_address[1]
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    try:
        yield stub
    finally:
        stub.stopped.set()
        server.shutdown()
        serving.join()
        server.server_close()
