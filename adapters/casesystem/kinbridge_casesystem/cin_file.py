"""The CIN census file, cut: one message of one child each, as small as the census allows.

Each part is a census message again, with what counts of the header (year, reference date,
authority) and one child, so that it can be read by itself. Some systems give a child once for
each of its episodes: those elements come together in one part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from kinbridge_casesystem.cutting import UNNAMED, Loading, Progress, SourceFile, unheard
from kinbridge_casesystem.records import Part
from kinbridge_casesystem.xml_file import elements, local_name, text_of
from kinbridge_schemas.problems import UnreadableError

_MOST_REPEATED: Final = 10_000
_NOT_KEPT: Final = ("UPN", "FormerUPN", "UPNunknown")
"""Nobody reads them, and a former number would name the record from before an adoption."""

_KEPT_OF_HEADER: Final = ("Collection", "Year", "ReferenceDate", "LEA")


@dataclass(slots=True)
class _Survey:
    """What the first look through the file found."""

    header: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    repeated: set[str] = field(default_factory=set)
    children: int = 0


def cut_cin(files: Sequence[SourceFile], _loading: Loading, progress: Progress) -> Iterator[Part]:
    """Cut one census file. Raises UnreadableError before the first part."""
    if len(files) != 1:
        raise UnreadableError("one-file-expected")
    (file,) = files
    survey = _surveyed(file, progress)
    return _parts(file, survey)


def _surveyed(file: SourceFile, progress: Progress) -> _Survey:
    survey = _Survey()
    for element in elements(file, ("Header", "Child", "Message"), progress):
        match local_name(element):
            case "Header":
                survey.header = {
                    local_name(e): text_of(e)
                    for e in element.iter(*(f"{{*}}{name}" for name in _KEPT_OF_HEADER))
                }
            case "Child":
                survey.children += 1
                child = _child_id(element)
                (survey.repeated if child in survey.seen else survey.seen).add(child)
            case _:
                pass
    if not survey.children:
        raise UnreadableError("no-records")
    if survey.header.get("Collection", "CIN").upper() != "CIN":
        raise UnreadableError("collection-not-cin", "Header.CollectionDetails.Collection")
    if len(survey.repeated) > _MOST_REPEATED:
        raise UnreadableError("too-many-repeated-children", "Children.Child")
    return survey


def _parts(file: SourceFile, survey: _Survey) -> Iterator[Part]:
    again: dict[str, list[bytes]] = {}
    for element in elements(file, ("Child",), unheard):
        child, content = _child_id(element), etree.tostring(_kept(element), with_tail=False)
        if child in survey.repeated:
            again.setdefault(child, []).append(content)
        else:
            yield _part(child, [content], survey)
    for child, contents in again.items():
        yield _part(child, sorted(contents), survey)


def _part(child: str, contents: list[bytes], survey: _Survey) -> Part:
    message = etree.Element("Message")
    header = etree.SubElement(message, "Header")
    details = etree.SubElement(header, "CollectionDetails")
    source = etree.SubElement(header, "Source")
    for name, value in survey.header.items():
        etree.SubElement(source if name == "LEA" else details, name).text = value
    children = etree.SubElement(message, "Children")
    children.extend([etree.fromstring(content) for content in contents])
    authority = survey.header.get("LEA", "")
    known = authority if len(authority) == 3 and authority.isdigit() else None  # noqa: PLR2004 - see AuthorityCode
    return Part(etree.tostring(message), child, known)


def _kept(element: etree._Element) -> etree._Element:
    etree.strip_elements(element, *(f"{{*}}{name}" for name in _NOT_KEPT), with_tail=False)
    return element


def _child_id(element: etree._Element) -> str:
    return text_of(element.find(".//{*}LAchildID")) or UNNAMED
