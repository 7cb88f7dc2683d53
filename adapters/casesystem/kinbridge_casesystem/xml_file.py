"""An XML file of children, element by element: memory is bounded by the largest child."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from kinbridge_casesystem.cutting import Progress, SourceFile
from kinbridge_schemas.problems import UnreadableError

_EVERY: Final = 500
"""Progress is told after so many elements."""


def elements(
    file: SourceFile, tags: tuple[str, ...], progress: Progress
) -> Iterator[etree._Element]:
    """Give each element of these local names, in the file's order. Raises UnreadableError.

    An element is emptied after its turn. A file that is not well formed to its last byte is
    refused, and so is one that declares a document type: it may hold entities.
    """
    if not file.size:
        raise UnreadableError("file-empty")
    file.content.seek(0)
    names = tuple(f"{{*}}{tag}" for tag in tags)
    events = etree.iterparse(
        file.content, events=("end",), tag=names, resolve_entities=False, no_network=True
    )
    try:
        for number, (_, element) in enumerate(events, start=1):
            if number == 1 and element.getroottree().docinfo.doctype:
                raise UnreadableError("document-type-not-allowed")
            yield element
            element.clear(keep_tail=False)
            if (parent := element.getparent()) is not None:
                while element.getprevious() is not None:
                    del parent[0]
            if number % _EVERY == 0:
                progress(file.content.tell(), file.size)
    except etree.XMLSyntaxError:
        reason = "file-cut-short" if _ends_early(file) else "xml-invalid"
        raise UnreadableError(reason) from None
    progress(file.size, file.size)


def local_name(element: etree._Element) -> str:
    return etree.QName(element).localname


def text_of(element: etree._Element | None) -> str:
    """Give the text right inside an element, without spaces around it."""
    return (element.text or "").strip() if element is not None else ""


def _ends_early(file: SourceFile) -> bool:
    # A whole document ends with the end of its root; a cut one nearly never with any tag.
    file.content.seek(max(0, file.size - 200))
    tail = file.content.read().rstrip()
    file.content.seek(0)
    head = file.content.read(2_000)
    root = _root(head)
    if root is None:
        return False
    return not tail.endswith(b">") or (b"</" + root) not in tail


def _root(head: bytes) -> bytes | None:
    for piece in head.split(b"<")[1:]:
        if piece[:1].isalpha():
            return piece.replace(b">", b" ").split()[0]
    return None
