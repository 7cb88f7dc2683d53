"""Inputs that are made to hurt a parser, each by the name that it is known under.

Sources: OWASP, XML External Entity Prevention and XML Security cheat sheets; RFC 8259 sections
4, 6, 8 and 9 on what JSON leaves open; the Unicode Standard, section 3.9, ill-formed sequences.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

FHIR: Final = b'xmlns="http://hl7.org/fhir"'
NOBODY: Final = "http://127.0.0.1:9/"
_MILLION: Final = 1_000_000
_XML: Final = "application/fhir+xml"
_JSON: Final = "application/fhir+json"

Attack = tuple[str, str, bytes]
"""Its name, its media type, its bytes."""


def _bundle(inner: bytes) -> bytes:
    return b'<Bundle %b><id value="a"/><type value="message"/>%b</Bundle>' % (FHIR, inner)


def _header(inner: bytes) -> bytes:
    return _bundle(
        b'<entry><resource><MessageHeader><id value="m"/><eventCoding><system value='
        b'"http://terminology.hl7.org/CodeSystem/v2-0003"/><code value="S12"/></eventCoding>'
        b"</MessageHeader></resource></entry>" + inner
    )


def _appointment(inner: bytes, own: bytes = b"a1") -> bytes:
    return (
        b'<entry><fullUrl value="Appointment/%b"/><resource><Appointment><id value="%b"/>%b'
        b"</Appointment></resource></entry>" % (own, own, inner)
    )


def external(secret: str) -> Iterator[Attack]:
    """What would read a file or call somebody. `secret` is the path of a file to be read."""
    file = secret.encode()
    documents = {
        "external entity": b'<!DOCTYPE b [<!ENTITY x SYSTEM "file://%b">]>' % file
        + _bundle(b'<language value="&x;"/>'),
        "external entity as text": b'<!DOCTYPE b [<!ENTITY x SYSTEM "file://%b">]>' % file
        + _bundle(b"<language>&x;</language>"),
        "external DTD": b'<!DOCTYPE Bundle SYSTEM "%b">' % NOBODY.encode() + _bundle(b""),
        "public DTD": b'<!DOCTYPE Bundle PUBLIC "x" "%b">' % NOBODY.encode() + _bundle(b""),
        "parameter entity": b'<!DOCTYPE b [<!ENTITY %% x SYSTEM "%b"> %%x;]>' % NOBODY.encode()
        + _bundle(b""),
        "XInclude": _bundle(
            b'<language xmlns:i="http://www.w3.org/2001/XInclude"><i:include parse="text" '
            b'href="file://%b"/></language>' % file
        ),
        "stylesheet": b'<?xml-stylesheet href="%b"?>' % NOBODY.encode() + _bundle(b""),
        "schema location": _bundle(b"").replace(
            b"<Bundle ",
            b'<Bundle xmlns:s="http://www.w3.org/2001/XMLSchema-instance" '
            b's:schemaLocation="http://hl7.org/fhir %b" ' % NOBODY.encode(),
        ),
    }
    for name, content in documents.items():
        yield name, _XML, content
        yield f"{name}, as UTF-16", _XML, content.decode().encode("utf-16")
        yield f"{name}, as UTF-32", _XML, content.decode().encode("utf-32")
        yield f"{name}, as EBCDIC", _XML, content.decode().encode("cp037")
        yield f"{name}, as UTF-7", _XML, content.decode().encode("utf-7")


def bombs() -> Iterator[Attack]:
    """What is small and would grow."""
    doubled = b"".join(b'<!ENTITY e%d "%b">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 12))
    laughs = b'<!DOCTYPE b [<!ENTITY e0 "ha">%b]>' % doubled
    yield "a billion laughs", _XML, laughs + _bundle(b'<language value="&e11;"/>')
    blow = b'<!DOCTYPE b [<!ENTITY e "%b">]>' % (b"a" * 100_000)
    yield "quadratic growth", _XML, blow + _bundle(b"<language>%b</language>" % (b"&e;" * 50_000))
    defaults = b'<!DOCTYPE b [<!ATTLIST language value CDATA "%b">]>' % (b"a" * 100_000)
    yield "defaults of attributes", _XML, defaults + _bundle(b"<language/>" * 50_000)
    spaces = b" ".join(b'xmlns:n%d="urn:n%d"' % (n, n) for n in range(50_000))
    yield "namespaces", _XML, _bundle(b"<language %b/>" % spaces)
    many = b" ".join(b'a%d="1"' % n for n in range(200_000))
    yield "attributes", _XML, _bundle(b"<language %b/>" % many)
    yield "comments", _XML, _bundle(b"<!--a-->" * 500_000)
    yield "instructions", _XML, _bundle(b"<?a b?>" * 500_000)
    yield "sections of text", _XML, _bundle(b"<language><![CDATA[a]]></language>" * 100_000)
    yield "character references", _XML, _bundle(b'<language value="%b"/>' % (b"&#97;" * 900_000))


def depths() -> Iterator[Attack]:
    """What is nested deeper than anybody needs."""
    for depth in (250, 1_000, 100_000):
        inner = b"<extension>" * depth + b"</extension>" * depth
        yield f"{depth} elements deep", _XML, _header(_appointment(inner))
        listed = b"[" * depth + b"]" * depth
        yield f"{depth} lists deep", _JSON, b'{"resourceType":"Bundle","type":%b}' % listed
        objects = b'{"entry":' * depth + b"1" + b"}" * depth
        yield f"{depth} objects deep", _JSON, objects
        bundles = b'{"resourceType":"Bundle","type":"message","entry":[{"resource":' * depth
        ends = b"}]}" * depth
        yield f"{depth} Bundles deep", _JSON, bundles + b'{"resourceType":"Patient"}' + ends


def sizes() -> Iterator[Attack]:
    """What is longer than anybody needs, and still of an allowed size."""
    long = b"9" * _MILLION
    for field in (b"start", b"status", b"id", b"minutesDuration"):
        inner = b'<%b value="%b"/>' % (field, long)
        yield f"a million digits in {field.decode()}", _XML, _header(_appointment(inner))
        body = _message({field.decode(): int("9" * 4_000)})
        yield f"4,000 digits without quotes in {field.decode()}", _JSON, body
        yield (
            f"a million letters in {field.decode()}",
            _JSON,
            _message({field.decode(): "a" * _MILLION}),
        )
    yield "a million letters in a name of a field", _JSON, _message({"a" * _MILLION: 1})
    yield "a million letters in a name of an element", _XML, _bundle(b"<%b/>" % (b"a" * _MILLION))
    yield "100,000 fields", _JSON, _message({f"a{n}": n for n in range(100_000)})
    yield "100,000 names of one person", _JSON, _message({"name": [{"text": "a"}] * 100_000})
    entries = [{"resource": {"resourceType": "Appointment", "id": str(n)}} for n in range(10_000)]
    yield "10,000 entries", _JSON, _message({}, entries)
    yield "10,000 entries as XML", _XML, _header(_appointment(b"") * 10_000)
    numbers = [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "x"}] * 60_000
    yield "60,000 identifiers", _JSON, _message({"identifier": numbers})
    codes = [{"coding": [{"system": "a", "code": "b"}] * 400}] * 200
    yield "80,000 codes", _JSON, _message({"serviceType": codes})


def numbers() -> Iterator[Attack]:
    """Numbers that are none, or too large for one."""
    for number in (
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "-1e400",
        "9" * 40,
        "0x10",
        "01",
        "-0",
    ):
        body = _message({"minutesDuration": 1, "start": 2}).decode()
        yield (
            f"{number} as a number",
            _JSON,
            body.replace('"start": 2', f'"start": {number}').encode(),
        )


def times() -> Iterator[Attack]:
    """Times that no calendar has."""
    for time in (
        *("2026-02-30", "2026-13-01", "0000-00-00", "9999-12-31T23:59:59Z", "2026-W10-1"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-01-01T24:00:00Z"),
        *(
            "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00+58:00",
            "-2026-01-01",
            "\u0662\u0660\u0662\u0666",
        ),
        *("2026-01-01T00:00:00." + "9" * 400 + "Z", "now", " ", "1" * 5_000),
    ):
        yield f"the time {time[:40]}", _JSON, _message({"start": time, "status": "booked"})


def encodings() -> Iterator[Attack]:
    """Text that is not what it says it is."""
    message = _message({"status": "booked", "comment": "\u00e9\u20ac\U0001f600"}).decode()
    xml = _header(_appointment('<comment value="\u00e9\u20ac\U0001f600"/>'.encode())).decode()
    for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"):
        yield f"JSON in {name}", _JSON, message.encode(name)
        yield f"XML in {name}", _XML, xml.encode(name)
        said = f'<?xml version="1.0" encoding="{name}"?>'
        yield f"UTF-8 that says it is {name}", _XML, (said + xml).encode()
        yield f"{name} that says so", _XML, (said + xml).encode(name)
    for name in ("latin-1", "cp1252", "us-ascii", "x-unknown", "", "utf-7", "ebcdic-cp-us"):
        said = f'<?xml version="1.0" encoding="{name}"?>'
        yield f"UTF-8 that says it is {name or 'nothing'}", _XML, (said + xml).encode()
    for name, raw in (
        ("a lone continuation", b"\x80"),
        ("an overlong NUL", b"\xc0\x80"),
        ("an overlong slash", b"\xe0\x80\xaf"),
        ("a surrogate", b"\xed\xa0\x80"),
        ("beyond Unicode", b"\xf4\x90\x80\x80"),
        ("a NUL", b"\x00"),
        ("a NUL, escaped", b"\\u0000"),
        ("half a pair, escaped", b"\\ud800"),
        ("the wrong half first", b"\\udc00\\ud800"),
        ("a line separator", "\u2028".encode()),
        ("a right-to-left override", "\u202e".encode()),
        ("a byte order mark within", b"\xef\xbb\xbf"),
    ):
        for field in (b"status", b"start", b"id"):
            body = b'{"resourceType":"Appointment","%b":"a%b"}' % (field, raw)
            where = f"{name} in {field.decode()}"
            yield f"JSON with {where}", _JSON, _message({}, own=body)
            inner = b'<%b value="a%b"/>' % (field, raw)
            yield f"XML with {where}", _XML, _header(_appointment(inner))
    for reference in (
        b"&#0;",
        b"&#xD800;",
        b"&#xFFFE;",
        b"&#x110000;",
        b"&#" + b"7" * 5_000 + b";",
    ):
        inner = b'<status value="%b"/>' % reference
        yield f"XML with {reference[:12].decode()}", _XML, _header(_appointment(inner))


def shapes() -> Iterator[Attack]:
    """What is well formed and means two things, or nothing."""
    yield (
        "one field twice",
        _JSON,
        _message(
            {},
            own=(
                b'{"resourceType":"Appointment","id":"a","status":"booked","status":"noshow",'
                b'"resourceType":"Encounter"}'
            ),
        ),
    )
    yield "the type twice", _JSON, b'{"resourceType":"Bundle","type":"message","type":"history"}'
    for name, body in (
        ("nothing", b""),
        ("a space", b" "),
        ("null", b"null"),
        ("a list", b"[]"),
        ("a number", b"1"),
        ("a word", b'"a"'),
        ("an object", b"{}"),
        ("two", b"{}{}"),
        ("a comma too many", b'{"a":1,}'),
        ("a comment", b"/* a */{}"),
        ("one quote", b"{'a':1}"),
    ):
        yield f"{name} as JSON", _JSON, body
        yield f"{name} as XML", _XML, body
    yield "another namespace", _XML, _header(b"").replace(b"hl7.org/fhir", b"example.org/other")
    yield "no namespace", _XML, _header(b"").replace(FHIR, b"")
    yield "a prefix", _XML, b'<f:Bundle xmlns:f="http://hl7.org/fhir"><f:id value="a"/></f:Bundle>'
    yield "XML that says it is JSON", _JSON, _header(b"")
    yield "JSON that says it is XML", _XML, _message({})


def circles() -> Iterator[Attack]:
    """What refers to itself, and to what refers back."""
    itself = {
        "subject": {"reference": "Appointment/own"},
        "slot": [{"reference": "Appointment/own"}],
        "participant": [{"actor": {"reference": "Appointment/own"}}],
        "managingOrganization": {"reference": "Appointment/own"},
        "basedOn": [{"reference": "Appointment/own"}],
        "link": [{"other": {"reference": "Appointment/own"}}],
        "patient": {"reference": "Appointment/own"},
        "partOf": {"reference": "Appointment/own"},
        "focus": [{"reference": "Appointment/own"}],
    }
    for kind in ("Appointment", "Encounter", "Patient", "Communication", "Flag", "Organization"):
        resource = {**itself, "resourceType": kind, "id": "own", "status": "booked"}
        text = json.dumps(resource).replace("Appointment/own", f"{kind}/own")
        yield f"{kind} that refers to itself", _JSON, _message({}, own=text.encode())
    ring = [
        {
            "fullUrl": f"Organization/{n}",
            "resource": {
                "resourceType": "Organization",
                "id": str(n),
                "partOf": {"reference": f"Organization/{(n + 1) % 1_900}"},
            },
        }
        for n in range(1_900)
    ]
    yield "a ring of organisations", _JSON, _message({}, ring)


def _message(
    fields: dict[str, Any], entries: list[Any] | None = None, own: bytes | None = None
) -> bytes:
    header = {
        "resourceType": "MessageHeader",
        "id": "m",
        "eventCoding": {"system": "http://terminology.hl7.org/CodeSystem/v2-0003", "code": "S12"},
    }
    resource = {"resourceType": "Appointment", "id": "own", **fields}
    bundle = {
        "resourceType": "Bundle",
        "id": "b",
        "type": "message",
        "entry": [{"resource": header}, {"resource": "the-one"}, *(entries or [])],
    }
    inner = own if own is not None else json.dumps(resource).encode()
    return json.dumps(bundle).encode().replace(b'"the-one"', inner, 1)


ATTACKS: Final[tuple[Callable[[], Iterator[Attack]], ...]] = (
    *(bombs, depths, sizes, numbers, times, encodings, shapes, circles),
)
