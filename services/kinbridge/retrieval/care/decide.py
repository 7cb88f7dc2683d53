"""What a FHIR server is asked, and what its answer means. Pure.

Source: HL7 FHIR R4, section 3.1 (search by POST, `_count`, `_include`, `_summary`, paging by
`next`). A search is posted, so that no NHS number stands in an address; where a server writes
one into the address of its next page, that page is posted too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urljoin, urlsplit, urlunsplit

from kinbridge.sources.care import CareServer
from kinbridge_fhir.nodes import Node, read_json, text
from kinbridge_schemas.identifiers import NhsNumber
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.retrieval import CareWanted, Retrieval, Step
from kinbridge_schemas.vocabulary import DisclosureTier

MEDIA_TYPE: Final = "application/fhir+json"
RESOURCE_OF: Final = {"appointments": "Appointment", "encounters": "Encounter"}
_NHS_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"

Form = tuple[tuple[str, str], ...]


class NotCareError(ValueError):
    """A question that is no search for care came to where care is searched for."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request: an address on the server, and a form that is posted. Without one: a GET."""

    address: str
    form: Form = ()

    @property
    def fields(self) -> dict[str, list[str]]:
        """The form by name: a name may stand more than once."""
        found: dict[str, list[str]] = {}
        for name, value in self.form:
            found.setdefault(name, []).append(value)
        return found


def first_request(asked: Retrieval, step: Step, server: CareServer, base: str) -> Request:
    """Give the search of a step. Raises NotCareError where the question is another."""
    wanted, resource = asked.wanted, RESOURCE_OF.get(step)
    if resource is None or not isinstance(wanted, CareWanted):
        raise NotCareError(step)
    form: list[tuple[str, str]] = [
        (server.patient_by, f"{_NHS_NUMBER}|{asked.nhs_number.reveal()}"),
        ("date", f"ge{_day(wanted.since)}"),
        ("date", f"le{_day(wanted.until)}"),
    ]
    if wanted.tier is DisclosureTier.EXISTENCE:
        # Whether there is anything is all that may be known: so no more is fetched.
        form.append(("_summary", "count"))
    else:
        form += [("_count", str(server.page_size)), ("_include", f"{resource}:patient")]
    return Request(f"{base.rstrip('/')}/{resource}/_search", tuple(form))


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def page_of(content: bytes) -> Node | None:
    """Read a page; None where it is no searchset. Its entries are not looked at."""
    try:
        root = read_json(content)
        whole = root.kind == "Bundle" and text(root, "type") == "searchset"
    except UnreadableError:
        return None
    return root if whole else None


def next_request(page: Node, asked: NhsNumber, base: str) -> Request | None:
    """Give the request of the next page; None where there is none, or none that is asked.

    A page of another origin, or outside the server's base address, is not asked.
    """
    link = _next_link(page)
    if link is None:
        return None
    try:
        home, found = urlsplit(base), urlsplit(urljoin(f"{base.rstrip('/')}/", link))
        same = _origin(home) == _origin(found)
    except ValueError:
        return None
    path = home.path.rstrip("/")
    inside = found.path.rstrip("/") == path or found.path.startswith(f"{path}/")
    if not same or not inside or ".." in unquote(found.path).split("/"):
        return None
    number = asked.reveal()
    if number in unquote(found.path):
        return None
    if number not in unquote(found.query):
        return Request(urlunsplit(found._replace(fragment="")))
    where = found.path if found.path.endswith("/_search") else f"{found.path}/_search"
    bare = found._replace(path=where, query="", fragment="")
    return Request(urlunsplit(bare), tuple(parse_qsl(found.query, keep_blank_values=True)))


def _next_link(page: Node) -> str | None:
    try:
        links = [text(link, "url") for link in page.all("link") if _is_next(link)]
    except UnreadableError:
        return None
    return next((link for link in links if link), None)


def _is_next(link: Node) -> bool:
    return text(link, "relation") == "next"


def _origin(url: SplitResult) -> tuple[str, str, int]:
    port = url.port or (443 if url.scheme == "https" else 80)
    return (url.scheme.lower(), (url.hostname or "").lower(), port)


def joined(pages: Sequence[bytes]) -> bytes:
    """Give the pages as one: itself if it is one, else a collection with each as it came."""
    if len(pages) == 1:
        return pages[0]
    entries = b",".join(b'{"resource":' + page + b"}" for page in pages)
    return b'{"resourceType":"Bundle","type":"collection","entry":[' + entries + b"]}"
