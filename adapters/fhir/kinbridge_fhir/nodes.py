"""One way to look at FHIR, whether it came as JSON or as XML.

Only what is asked for is looked at, so that a message of twenty kilobytes costs what its dozen
fields cost. Nothing here knows a resource. Paths in errors are made of the names that were
asked for, so that they hold nothing of the input.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol, cast

import orjson
from lxml import etree

from kinbridge_schemas.problems import UnreadableError

FHIR: Final = "{http://hl7.org/fhir}"
_ENTRY: Final = FHIR + "entry"
_CODING: Final = FHIR + "coding"
_CONCEPT: Final = FHIR + "concept"
_CODE: Final = FHIR + "code"
_SYSTEM: Final = FHIR + "system"
_FULL_URL: Final = FHIR + "fullUrl"
_RESOURCE: Final = FHIR + "resource"
MAX_BYTES: Final = 6_000_000
"""As received.nhs allows. NEMS itself stops at 3 MB."""


class Node(Protocol):
    """An element of a resource, or a resource. A missing part is empty, not an error."""

    @property
    def kind(self) -> str:
        """The type of a resource, as `Patient`; of anything else, its name."""
        ...

    @property
    def path(self) -> str: ...

    def text(self, name: str) -> str | None:
        """A primitive value as text. Raises UnreadableError where something else stands."""
        ...

    def values(self, name: str) -> list[str]:
        """The texts of a primitive that repeats."""
        ...

    def all(self, name: str) -> Iterator[Node]:
        """The elements of that name, none, one or many."""
        ...

    def codings(self, name: str) -> list[tuple[str | None, str]]:
        """System and code of every coding of the CodeableConcepts of that name."""
        ...

    def under(self, name: str) -> Node | None:
        """The element behind a primitive: where its extensions are."""
        ...

    def entries(self) -> list[tuple[str | None, Node | None]]:
        """The entries of a Bundle: the address and the resource of each."""
        ...

    def url(self) -> str | None:
        """The `url` of an extension, which XML keeps as an attribute."""
        ...


def one(node: Node | None, *names: str) -> Node | None:
    """Follow names down, taking the first of each."""
    for name in names:
        if node is None:
            return None
        node = next(node.all(name), None)
    return node


def text(node: Node | None, *names: str) -> str | None:
    """Follow names down to a primitive value; an empty one is none."""
    holder = node if len(names) == 1 else one(node, *names[:-1])
    value = holder.text(names[-1]) if holder is not None else None
    return (value.strip() or None) if value else None


def extension(node: Node | None, *urls: str) -> Node | None:
    """Give the first extension with one of these addresses."""
    if node is None:
        return None
    return next((e for e in node.all("extension") if e.url() in urls), None)


def whole(node: Node) -> dict[str, object] | bytes:
    """Give all of a node as it came: an object of JSON, or the bytes of an XML element."""
    if isinstance(node, XmlNode):
        return etree.tostring(node._element, encoding="utf-8", with_tail=False)  # noqa: SLF001 - of this module
    if isinstance(node, JsonNode):
        return node._object  # noqa: SLF001 - of this module
    raise TypeError("A node is JSON or XML.")


class JsonNode:
    __slots__ = ("_name", "_object", "_parent")

    def __init__(self, obj: dict[str, object], name: str, parent: JsonNode | None) -> None:
        self._object = obj
        self._name = name
        self._parent = parent

    @property
    def kind(self) -> str:
        kind = self._object.get("resourceType")
        return kind if isinstance(kind, str) else self._name

    @property
    def path(self) -> str:
        return f"{self._parent.path}.{self._name}" if self._parent else self._name

    def text(self, name: str) -> str | None:
        value = self._object.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return repr(value)
        raise UnreadableError("fhir-shape-wrong", f"{self.path}.{name}")

    def values(self, name: str) -> list[str]:
        value = self._object.get(name)
        items = value if isinstance(value, list) else [value]
        return [item for item in items if isinstance(item, str) and item]

    def all(self, name: str) -> Iterator[Node]:
        value = self._object.get(name)
        if value is None:
            return
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(item, dict):
                raise UnreadableError("fhir-shape-wrong", f"{self.path}.{name}")
            label = f"{name}[{index}]" if isinstance(value, list) else name
            yield JsonNode(cast("dict[str, object]", item), label, self)

    def codings(self, name: str) -> list[tuple[str | None, str]]:
        found = []
        for concept in self.all(name):
            # R5 has a reference beside many a concept, and both in an element that holds them.
            for item in (one(concept, "concept") or concept).all("coding"):
                code = text(item, "code")
                if code is not None:
                    found.append((text(item, "system"), code))
        return found

    def under(self, name: str) -> Node | None:
        return next(self.all(f"_{name}"), None)

    def entries(self) -> list[tuple[str | None, Node | None]]:
        found: list[tuple[str | None, Node | None]] = []
        for entry in self.all("entry"):
            inner = next(entry.all("resource"), None)
            named = inner is not None and inner.text("resourceType") is not None
            found.append((entry.text("fullUrl"), inner if named else None))
        return found

    def url(self) -> str | None:
        return self.text("url")


class XmlNode:
    __slots__ = ("_element",)

    def __init__(self, element: etree._Element) -> None:
        self._element = element

    @property
    def kind(self) -> str:
        return _local(self._element)

    @property
    def path(self) -> str:
        steps = [self._element, *self._element.iterancestors()]
        return ".".join(_step(e) for e in reversed(steps) if _step(e))

    def text(self, name: str) -> str | None:
        element = next(self._element.iterchildren(FHIR + name), None)
        return element.get("value") if element is not None else None

    def values(self, name: str) -> list[str]:
        found = (e.get("value") for e in self._element.iterchildren(FHIR + name))
        return [value for value in found if value]

    def all(self, name: str) -> Iterator[Node]:
        return map(XmlNode, self._element.iterchildren(FHIR + name))

    def codings(self, name: str) -> list[tuple[str | None, str]]:
        found = []
        for element in self._element.iterchildren(FHIR + name):
            concept = next(element.iterchildren(_CONCEPT), element)
            for item in concept.iterchildren(_CODING):
                system = code = None
                for part in item:
                    if part.tag == _CODE:
                        code = part.get("value")
                    elif part.tag == _SYSTEM:
                        system = part.get("value")
                if code and (code := code.strip()):
                    found.append((system, code))
        return found

    def under(self, name: str) -> Node | None:
        return next(self.all(name), None)

    def entries(self) -> list[tuple[str | None, Node | None]]:
        found: list[tuple[str | None, Node | None]] = []
        for entry in self._element.iterchildren(_ENTRY):
            url = resource = None
            for part in entry:
                if part.tag == _FULL_URL:
                    url = part.get("value")
                elif part.tag == _RESOURCE and len(part):
                    resource = XmlNode(part[0])
            found.append((url, resource))
        return found

    def url(self) -> str | None:
        return self._element.get("url")


# libxml2 itself stops at a depth of 256 and at its amplification limits: huge_tree is off. One
# parser for all: a new one for each message costs half as much again as reading the message.
_PARSER: Final = etree.XMLParser(
    encoding="utf-8",
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    dtd_validation=False,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
    remove_blank_text=False,
)


def read_xml(content: bytes) -> Node:
    """Read XML as FHIR allows it: UTF-8, no document type, no entities, no network.

    Raises UnreadableError: `xml-invalid`, `xml-dtd-forbidden` or `content-too-large`.
    """
    _check_size(content)
    # Only UTF-8 is read, whatever the declaration says, so that this look at the bytes
    # cannot be got round by another encoding.
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise UnreadableError("xml-dtd-forbidden")
    try:
        root = etree.fromstring(content, _PARSER)
    except (etree.XMLSyntaxError, ValueError):
        raise UnreadableError("xml-invalid") from None
    return XmlNode(root)


def read_json(content: bytes) -> Node:
    """Read a JSON object. Raises UnreadableError: `json-invalid` or `content-too-large`."""
    _check_size(content)
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise UnreadableError("json-invalid") from None
    if not isinstance(body, dict):
        raise UnreadableError("json-not-an-object")
    kind = body.get("resourceType")
    return JsonNode(body, kind if kind == "Bundle" else "resource", None)


def read(content: bytes, content_type: str) -> Node:
    """Read by media type, as `application/fhir+xml; fhirVersion=3.0`."""
    return read_xml(content) if "xml" in content_type.partition(";")[0] else read_json(content)


def _check_size(content: bytes) -> None:
    if len(content) > MAX_BYTES:
        raise UnreadableError("content-too-large")


def _local(element: etree._Element) -> str:
    return element.tag.removeprefix(FHIR)


_KNOWN_STEPS: Final = frozenset({"Bundle", "entry", "resource"})


def _step(element: etree._Element) -> str:
    # A tag of the input is shown only where it is one that FHIR gives every message.
    name = _local(element)
    if name not in _KNOWN_STEPS:
        return ""
    if name != "entry":
        return name
    return f"entry[{sum(1 for _ in element.itersiblings(element.tag, preceding=True))}]"
