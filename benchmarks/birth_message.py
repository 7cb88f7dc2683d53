"""A made-up NEMS birth notification, of the shape and size of a real one (STU3, XML).

Source of the shape: nhsconnect/Events-Management, PDS Birth Notification.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

_PROFILE: Final = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect"
_NEMS: Final = "https://fhir.nhs.uk/STU3"
_OBSERVED: Final = (
    ("Birth weight", "364589006", "<value value='3410'/><unit value='gram'/>"),
    ("Length of gestation at birth", "412726003", "<value value='39.0'/><unit value='week'/>"),
)
_EPISODES: Final = (
    "partner-child-health-organisation",
    "responsible-child-health-organisation",
    "delivery-place",
)


def birth_message(number: int, mother: str, baby: str) -> bytes:
    """Give one notification. `number` makes its ids; the two are NHS numbers."""
    ids = {name: str(UUID(int=number * 64 + at)) for at, name in enumerate(_NAMES)}
    entries = [
        _header(ids, mother),
        _communication(ids),
        _mother(ids, mother),
        _related(ids),
        _baby(ids, baby),
        *_around(ids),
    ]
    shown = "\n".join(
        f"\t<entry>\n\t\t<fullUrl value='urn:uuid:{ids[name]}'/>\n"
        f"\t\t<resource>\n\t\t\t{body}\n\t\t</resource>\n\t</entry>"
        for name, body in entries
    )
    return (
        "<Bundle xmlns='http://hl7.org/fhir'>\n"
        f"\t<id value='{ids['bundle']}'/>\n"
        "\t<meta><profile value='http://hl7.org/fhir/STU3/StructureDefinition/Bundle'/></meta>\n"
        f"\t<type value='message'/>\n{shown}\n</Bundle>\n"
    ).encode()


_NAMES: Final = (
    "bundle", "header", "communication", "mother", "related", "baby", "sender", "births",
    "stillbirth", *(code for _, code, _ in _OBSERVED), *_EPISODES,
    *(f"{name}-organisation" for name in _EPISODES),
)  # fmt: skip


def _header(ids: dict[str, str], mother: str) -> tuple[str, str]:
    body = f"""<MessageHeader><id value='{ids["header"]}'/>
<meta><versionId value='1'/><lastUpdated value='2026-03-02T09:15:33+00:00'/>
<profile value='{_NEMS}/StructureDefinition/Event-MessageHeader-1'/></meta>
<extension url='{_NEMS}/StructureDefinition/Extension-RoutingDemographics-1'>
<extension url='nhsNumber'><valueIdentifier><system value='https://fhir.nhs.uk/Id/nhs-number'/>
<value value='{mother}'/></valueIdentifier></extension>
<extension url='name'><valueHumanName><use value='official'/><family value='SYNTHETIC'/>
<given value='Mother'/></valueHumanName></extension>
<extension url='birthDateTime'><valueDateTime value='1995-05-01'/></extension></extension>
<extension url='{_NEMS}/StructureDefinition/Extension-MessageEventType-1'><valueCodeableConcept>
<coding><system value='{_NEMS}/CodeSystem/MessageEventType-1'/><code value='new'/>
<display value='New event message'/></coding></valueCodeableConcept></extension>
<event><system value='{_NEMS}/CodeSystem/EventType-1'/><code value='pds-birth-notification-1'/>
<display value='PDS Birth Notification'/></event>
<timestamp value='2026-03-02T09:15:33+00:00'/>
<source><contact><system value='email'/><value value='desk@example.org'/></contact>
<endpoint value='urn:nhs:addressing:asid:000000000000'/></source>
<responsible><reference value='urn:uuid:{ids["sender"]}'/></responsible>
<focus><reference value='urn:uuid:{ids["communication"]}'/></focus></MessageHeader>"""
    return "header", body


def _communication(ids: dict[str, str]) -> tuple[str, str]:
    body = f"""<Communication><id value='{ids["communication"]}'/>
<meta><profile value='{_PROFILE}-Communication-1'/></meta><status value='completed'/>
<subject><reference value='urn:uuid:{ids["mother"]}'/>
<display value='SYNTHETIC, Mother'/></subject>
<sent value='2026-03-02'/><sender><reference value='urn:uuid:{ids["sender"]}'/></sender>
</Communication>"""
    return "communication", body


def _identified(ids: dict[str, str], who: str, number: str) -> str:
    return f"""<id value='{ids[who]}'/><meta><profile value='{_PROFILE}-Patient-1'/></meta>
<identifier><extension url='{_PROFILE}-NHSNumberVerificationStatus-1'><valueCodeableConcept>
<coding><system value='https://fhir.hl7.org.uk/STU3/CareConnect-NHSNumberVerificationStatus-1'/>
<code value='01'/></coding></valueCodeableConcept></extension>
<system value='https://fhir.nhs.uk/Id/nhs-number'/><value value='{number}'/></identifier>
<name><use value='official'/><family value='SYNTHETIC'/><given value='{who}'/></name>"""


def _mother(ids: dict[str, str], number: str) -> tuple[str, str]:
    body = f"""<Patient>{_identified(ids, "mother", number)}<birthDate value='1995-05-01'/>
<generalPractitioner><reference value='https://directory.example/Organization/X00000'/>
<display value='A SURGERY'/></generalPractitioner>
<link><other><reference value='urn:uuid:{ids["related"]}'/></other><type value='seealso'/></link>
</Patient>"""
    return "mother", body


def _related(ids: dict[str, str]) -> tuple[str, str]:
    body = f"""<RelatedPerson><id value='{ids["related"]}'/>
<meta><profile value='{_PROFILE}-RelatedPerson-1'/></meta>
<patient><reference value='urn:uuid:{ids["baby"]}'/></patient><relationship><coding>
<system value='{_NEMS}/CodeSystem/PersonRelationshipType-1'/><code value='12'/></coding>
</relationship></RelatedPerson>"""
    return "related", body


def _baby(ids: dict[str, str], number: str) -> tuple[str, str]:
    body = f"""<Patient>{_identified(ids, "baby", number)}<gender value='female'/>
<birthDate value='2026-03-01'><extension
url='http://hl7.org/fhir/StructureDefinition/patient-birthTime'>
<valueDateTime value='2026-03-01T20:12:00+00:00'/></extension></birthDate>
<address><line value='1 Test Street'/><line value='LONDON'/>
<postalCode value='ZZ99 3WZ'/></address>
<multipleBirthInteger value='1'/></Patient>"""
    return "baby", body


def _around(ids: dict[str, str]) -> list[tuple[str, str]]:
    found = [
        (code, _observation(ids, code, "baby", shown, code, f"<valueQuantity>{value}"
         "<system value='http://unitsofmeasure.org'/></valueQuantity>"))
        for shown, code, value in _OBSERVED
    ]  # fmt: skip
    found.append(
        (
            "births",
            _observation(
                ids, "births", "mother", "Total number of registerable births at delivery",
                "382341000000101", "<valueQuantity><value value='1'/></valueQuantity>",
            ),
        )
    )  # fmt: skip
    live = (
        "<valueCodeableConcept><coding>"
        f"<system value='{_NEMS}/CodeSystem/StillBirthIndicator-1'/><code value='1'/>"
        "<display value='Live'/></coding></valueCodeableConcept>"
    )
    found.append(
        ("stillbirth", _observation(ids, "stillbirth", "baby", "Stillbirth", "237364002", live))
    )
    for name in _EPISODES:
        found += [(name, _episode(ids, name)), (f"{name}-organisation", _organisation(ids, name))]
    sender = f"<Organization><id value='{ids['sender']}'/><name value='A service'/></Organization>"
    return [*found, ("sender", sender)]


def _observation(
    ids: dict[str, str], name: str, about: str, shown: str, code: str, value: str
) -> str:
    return f"""<Observation><id value='{ids[name]}'/>
<meta><profile value='{_PROFILE}-Observation-1'/></meta><status value='final'/>
<code><coding><system value='http://snomed.info/sct'/><code value='{code}'/>
<display value='{shown}'/></coding></code>
<subject><reference value='urn:uuid:{ids[about]}'/><display value='SYNTHETIC, Person'/></subject>
{value}</Observation>"""


def _episode(ids: dict[str, str], name: str) -> str:
    return f"""<EpisodeOfCare><id value='{ids[name]}'/>
<meta><profile value='{_PROFILE}-EpisodeOfCare-1'/></meta><status value='active'/>
<type><coding><system value='{_NEMS}/CodeSystem/BirthEpisodeCategory-1'/>
<code value='{name}'/><display value='{name}'/></coding></type>
<patient><reference value='urn:uuid:{ids["baby"]}'/><display value='SYNTHETIC, Baby'/></patient>
<managingOrganization><reference value='urn:uuid:{ids[f"{name}-organisation"]}'/>
</managingOrganization></EpisodeOfCare>"""


def _organisation(ids: dict[str, str], name: str) -> str:
    return f"""<Organization><id value='{ids[f"{name}-organisation"]}'/>
<meta><profile value='{_PROFILE}-Organization-1'/></meta>
<identifier><system value='https://fhir.nhs.uk/Id/ods-organization-code'/>
<value value='X00'/></identifier></Organization>"""
