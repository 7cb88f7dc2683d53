"""The pages of an answer to a search for one patient's records, and whether they can be believed.

A server may leave out what it does not know of a search (HL7 FHIR R4, section 3.1.1.4, lenient
handling), the patient among it: then it answers with everybody's records. So an answer counts
only where nothing in it says that it was not searched as it was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from kinbridge_fhir.collection import Collection, tail
from kinbridge_fhir.nodes import JsonNode, Node, read, read_json, text
from kinbridge_fhir.persons import nhs_number
from kinbridge_fhir.systems import NHS_NUMBER
from kinbridge_schemas.identifiers import NhsNumber
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.retrieval import Answer

_MAX_PAGES: Final = 50
_NOT_FOUND: Final = "not-found"  # HL7 FHIR, IssueType
_WRONG: Final = frozenset({"fatal", "error", "warning"})  # HL7 FHIR, IssueSeverity
_HELD_BACK: Final = frozenset({"suppressed", "security", "forbidden", "incomplete"})
_OF_THE_SEARCH: Final = frozenset({"date", "_summary", "_include"})


class Page(Collection):
    """A searchset Bundle of one patient. Raises UnreadableError where it is none.

    `assumed` are the patients that resources referred to without the server giving them: as far
    as these are one, it is whoever was asked about.
    """

    def __init__(self, root: Node, patient: Node) -> None:
        if root.kind != "Bundle" or text(root, "type") != "searchset":
            raise UnreadableError("not-a-searchset", "Bundle.type")
        super().__init__(root)
        self.assumed: Final[set[str]] = set()
        self._patient = patient
        self._number = nhs_number(patient)

    @property
    def more(self) -> bool:
        """Whether the server says that another page follows."""
        return any(text(link, "relation") == "next" for link in self.root.all("link"))

    @property
    def total(self) -> int | None:
        """How many there are, where the server counted."""
        said = text(self.root, "total") or ""
        return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None  # noqa: PLR2004 - digits of 32 bits

    @property
    def troubled(self) -> bool:
        """Whether the server adds that something was wrong, or is left out of what it gives."""
        issues = (i for outcome in self.of_kind("OperationOutcome") for i in outcome.all("issue"))
        return any(
            text(issue, "severity") in _WRONG or text(issue, "code") in _HELD_BACK
            for issue in issues
        )

    @property
    def given(self) -> set[str]:
        """The patients of the asked number that the server did give."""
        patients = (p for p in self.of_kind("Patient") if nhs_number(p) == self._number)
        return {f"Patient/{text(patient, 'id')}" for patient in patients}

    @property
    def of_everybody(self) -> bool:
        """Whether the server says, by its `self` link, that it searched for no one patient."""
        links = (link for link in self.root.all("link") if text(link, "relation") == "self")
        said = next((text(link, "url") for link in links), None) or ""
        try:
            names = {name for name, _ in parse_qsl(urlsplit(said).query, keep_blank_values=True)}
        except ValueError:
            return False
        # A link that repeats nothing of the search says nothing of it either.
        repeats = not names.isdisjoint(_OF_THE_SEARCH)
        return repeats and not any(name.startswith(("patient", "subject")) for name in names)

    def resolve(self, reference: Node | None) -> Node | None:
        """Give what a reference points to; a patient that is not in it is who was asked about."""
        found = super().resolve(reference)
        if found is not None or reference is None:
            return found
        target = tail(text(reference, "reference") or "")
        patient = target.startswith("Patient/") or text(reference, "type") == "Patient"
        named = nhs_number(reference)
        if named is not None:
            return self._patient if named == self._number else None
        if patient:
            self.assumed.add(target)
        return self._patient if patient else None


def pages_of(answer: Answer, content: bytes) -> list[Page]:
    """Read the pages of an answer. Raises UnreadableError where they are none."""
    if answer.end != "answered":
        return []
    root = read(content, answer.content_type or "application/fhir+json")
    patient = _patient(answer.nhs_number)
    if text(root, "type") != "collection":
        return [Page(root, patient)]
    pages = [page for _, page in root.entries() if page is not None]
    if len(pages) > _MAX_PAGES:
        raise UnreadableError("too-many-pages", "Bundle.entry")
    return [Page(page, patient) for page in pages]


def _patient(number: NhsNumber) -> Node:
    identifier = {"system": NHS_NUMBER, "value": number.reveal()}
    body: dict[str, object] = {"resourceType": "Patient", "identifier": [identifier]}
    return JsonNode(body, "resource", None)


def believed(pages: Sequence[Page]) -> bool:
    """Whether pages, once mapped, can be of the one patient that was asked for."""
    assumed = set[str]().union(*(page.assumed for page in pages))
    given = set[str]().union(*(page.given for page in pages))
    one = assumed <= given if given else len(assumed) <= 1
    return one and not (pages and pages[0].of_everybody)


def nobody_found(content: bytes) -> bool:
    """Whether an OperationOutcome says that somebody was not found."""
    try:
        issues = list(read_json(content).all("issue"))
        return any(text(issue, "code") == _NOT_FOUND for issue in issues)
    except UnreadableError:
        return False
