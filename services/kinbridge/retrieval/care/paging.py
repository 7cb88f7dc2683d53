"""What a page of a search says: whether it is one, and which request gives the next. Pure.

Source: HL7 FHIR R4, section 3.1.1 (paging by links of relation `next`). What a server writes
into a link is its own affair, so a link is followed only inside the address that was configured.
Where it holds the NHS number, that page is posted for, as the search was.
"""

from __future__ import annotations

from urllib.parse import SplitResult, parse_qsl, unquote, urljoin, urlsplit, urlunsplit

from kinbridge.retrieval.care.decide import Request
from kinbridge_fhir.nodes import Node, read_json, text
from kinbridge_schemas.identifiers import NhsNumber
from kinbridge_schemas.problems import UnreadableError


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
    found = _inside(link, base) if link is not None else None
    if found is None:
        return None
    number = asked.reveal()
    if number in unquote(found.path):
        return None
    if number not in unquote(found.query):
        return Request(urlunsplit(found))
    where = found.path if found.path.endswith("/_search") else f"{found.path}/_search"
    bare = found._replace(path=where, query="")
    return Request(urlunsplit(bare), tuple(parse_qsl(found.query, keep_blank_values=True)))


def _inside(link: str, base: str) -> SplitResult | None:
    """Give where a link leads; None where that is not inside the base address."""
    try:
        home, found = urlsplit(base), urlsplit(urljoin(f"{base.rstrip('/')}/", link))
        same = _origin(home) == _origin(found)
    except ValueError:
        return None
    path, steps = home.path.rstrip("/"), unquote(found.path).split("/")
    inside = found.path.rstrip("/") == path or found.path.startswith(f"{path}/")
    return found._replace(fragment="") if same and inside and ".." not in steps else None


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
