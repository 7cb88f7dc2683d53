"""What each source of an authority can tell: every kind of event, and every field that it fills.

Found by letting each adapter read the most that its source can say, so that a list of it is not
a matter of opinion. `cp_plan_started` stands for the kind, `cp_plan_started.category` for a
field that was given something other than its default, `mother.name` for what is told of a
person by their role.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from kinbridge_casesystem.fields import AUTHORITY_KINDS
from kinbridge_schemas.events import ChildEvent, Subject
from kinbridge_schemas.events.kinds import KINDS
from kinbridge_schemas.mapped import Remembered
from tests.adapters.casesystem.eclipses import a_mother, a_person, delivered
from tests.adapters.casesystem.eclipses import mapped as eclipsed
from tests.adapters.casesystem.loads import census
from tests.adapters.mapping import map_one

ROOT: Final = Path(__file__).parents[3]
OF_A_PERSON: Final = frozenset(Subject.model_fields) - {"role", "key", "child"}
ROLES: Final = ("child", "unborn", "mother")


def told_in(event: Mapping[str, Any]) -> Iterator[str]:
    """Give what one event tells, from its JSON."""
    kind = event["detail"]["kind"]
    yield kind
    for name, value in event["detail"].items():
        default = KINDS[kind].model_fields[name].default
        same = list(default) == value if isinstance(default, tuple) else default == value
        if name != "kind" and not same:
            yield f"{kind}.{name}"
    for subject in event["subjects"]:
        yield from (f"{subject['role']}.{name}" for name in OF_A_PERSON & set(subject))


def told(events: Iterable[ChildEvent]) -> frozenset[str]:
    dumped = (event.model_dump(mode="json", exclude_none=True) for event in events)
    return frozenset(said for event in dumped for said in told_in(event))


def of_goldens(route: str) -> frozenset[str]:
    """Give what the golden cases of a route tell: these are held to the code elsewhere."""
    cases = (ROOT / "tests" / "golden" / route).glob("*/expect.json")
    records = (r for case in cases for r in json.loads(case.read_text(encoding="utf-8")))
    return frozenset(said for record in records for e in record["events"] for said in told_in(e))


def in_turn(route: str, *contents: Any) -> frozenset[str]:
    """Give what the snapshots of one child tell, one after the other."""
    remembered = Remembered()
    found: list[ChildEvent] = []
    for content in contents:
        mapped = map_one(route, content, remembered=remembered)
        remembered = mapped.remember
        found += mapped.events
    return told(found)


def of_the_webhook() -> frozenset[str]:
    """Give all that an authority may say in the shared vocabulary itself."""
    kinds = {name: set(kind.model_fields) - {"kind"} for name, kind in AUTHORITY_KINDS.items()}
    fields = {f"{kind}.{name}" for kind, names in kinds.items() for name in names}
    return frozenset(
        {*kinds, *fields, *(f"{who}.{name}" for who in ROLES for name in OF_A_PERSON)}
    )


def made_in(paths: Iterable[Path]) -> frozenset[str]:
    """Give the events that modules make, with the fields that they give them."""
    classes = {kind.__name__: name for name, kind in AUTHORITY_KINDS.items()}
    found: set[str] = set()
    for node in (n for path in paths for n in ast.walk(ast.parse(path.read_text("utf-8")))):
        match node:
            case ast.Call(func=ast.Name(id=made), keywords=given) if made in classes:
                found |= {classes[made], *(f"{classes[made]}.{each.arg}" for each in given)}
            case ast.Name(id=made) if made in classes:
                found.add(classes[made])
    return frozenset(found)


_PARENTHOOD: Final = {
    "id": "R1",
    "relationshipKind": "Familial",
    "relationshipType": {"class": "ParentChild"},
    "roleAPerson": a_mother(),
    "roleBPerson": a_person(),
}


def of_eclipse() -> frozenset[str]:
    """Give what notifications tell, by whatever table: every event that their modules make."""
    modules = (ROOT / "adapters" / "casesystem").rglob("eclipse*.py")
    mother = delivered("PersonPersonRelationship_ADD", _PARENTHOOD)
    return of_goldens("eclipse") | made_in(modules) | told(eclipsed(mother).events)


def of_the_doors() -> frozenset[str]:
    """Give what the doors of meetings tell."""
    return made_in([ROOT / "services" / "kinbridge" / "meetings" / "events.py"])


# --- The interface of the DfE -------------------------------------------------------------

_DETAILS: Final = {"first_name": "Ada", "surname": "Example", "postcode": "SE13 6AB"}
_MOVED: Final = {**_DETAILS, "postcode": "SE13 6AC"}
_PLACEMENT: Final = {"placement_type": "U4", "start_date": "2026-01-10"}
_EPISODE: Final = {
    "social_care_episode_id": "E1",
    "referral_date": "2025-10-01",
    "referral_source": "3B",
    "referral_no_further_action_flag": True,
    "closure_date": "2026-02-20",
    "closure_reason": "RC7",
    "care_worker_details": [
        {"worker_id": "W1", "start_date": "2025-10-01", "end_date": "2025-12-01"},
        {"worker_id": "W2", "start_date": "2025-12-01"},
    ],
    "child_and_family_assessments": [
        {
            "child_and_family_assessment_id": "A1",
            "start_date": "2025-10-02",
            "authorisation_date": "2025-11-01",
            "factors": ["4B"],
        }
    ],
    "child_in_need_plans": [
        {"child_in_need_plan_id": "N1", "start_date": "2025-11-02", "end_date": "2025-12-02"}
    ],
    "section_47_assessments": [
        {
            "section_47_assessment_id": "S1",
            "start_date": "2025-12-02",
            "icpc_required_flag": True,
            "icpc_date": "2025-12-15",
            "end_date": "2025-12-10",
        },
        {"section_47_assessment_id": "S2", "start_date": "2026-03-01", "icpc_date": "2026-03-20"},
    ],
    "child_protection_plans": [
        {"child_protection_plan_id": "P1", "start_date": "2025-12-15", "end_date": "2026-01-05"}
    ],
    "child_looked_after_placements": [
        {
            "child_looked_after_placement_id": "L1",
            "start_reason": "S",
            **_PLACEMENT,
            "end_date": "2026-01-20",
            "end_reason": "X1",
        },
        {
            "child_looked_after_placement_id": "L2",
            "start_reason": "P",
            **_PLACEMENT,
            "start_date": "2026-01-20",
            "end_date": "2026-02-10",
            "end_reason": "E4A",
        },
    ],
}
_PLACED: Final = {"adoption": {"placed_date": "2026-02-12"}}


def of_the_dfe() -> frozenset[str]:
    born = {**_MOVED, "date_of_birth": "2025-09-20"}
    unborn = {**_DETAILS, "expected_date_of_birth": "2026-07-01"}
    later = {**_MOVED, "expected_date_of_birth": "2026-07-08"}
    lost, placed = {**_EPISODE, "closure_reason": "RC2"}, {**_EPISODE, **_PLACED}
    found = of_goldens("dfe-csc")
    for who, episode in ((born, _EPISODE), (later, lost), (born, placed)):
        found |= in_turn(
            "dfe-csc",
            {"la_child_id": "C1", "child_details": unborn},
            {"la_child_id": "C1", "child_details": later},
            {"la_child_id": "C1", "child_details": who, "social_care_episodes": [episode]},
            {"la_child_id": "C1", "purge": True},
        )
    return found


# --- The returns --------------------------------------------------------------------------

_CENSUS_CHILD: Final = (
    "<Child><ChildIdentifiers><LAchildID>C1</LAchildID>{who}</ChildIdentifiers><CINdetails>"
    "<CINreferralDate>2025-10-01</CINreferralDate><ReferralSource>3B</ReferralSource>"
    "<CINclosureDate>2026-02-20</CINclosureDate><ReasonForClosure>RC7</ReasonForClosure>"
    "<Section47><S47ActualStartDate>2026-03-01</S47ActualStartDate>"
    "<DateOfInitialCPC>2026-03-20</DateOfInitialCPC><ICPCnotRequired>0</ICPCnotRequired>"
    "</Section47><ReferralNFA>1</ReferralNFA><ChildProtectionPlans>"
    "<CPPstartDate>2025-11-20</CPPstartDate><CPPendDate>2026-01-20</CPPendDate>"
    "</ChildProtectionPlans></CINdetails></Child>"
)
_DUE: Final = "<ExpectedPersonBirthDate>2026-07-0{day}</ExpectedPersonBirthDate>"


def of_the_census() -> frozenset[str]:
    born = "<PersonBirthDate>2026-02-01</PersonBirthDate>"
    stages = (_DUE.format(day=1), _DUE.format(day=8), born)
    return of_goldens("cin-census") | in_turn(
        "cin-census", *(census(_CENSUS_CHILD.format(who=who)) for who in stages)
    )


def of_annex_a() -> frozenset[str]:
    rows = {
        "list_3": [{"referred": "2025-10-01", "source": "2A", "nfa": "a) Yes"}],
        "list_5": [{"start": "2026-03-01", "unneeded": "b) No", "conference": "2026-03-20"}],
        "list_6": [{"start": "2025-10-01", "need": "N1", "closed": "2026-02-20", "reason": "RC7"}],
        "list_7": [{"start": "2025-11-20", "end": "2026-01-20"}],
        "list_8": [
            {"start": "2025-12-01", "kind": "U1", "end": "2026-01-20", "reason": "E4A"},
        ],
    }
    found = of_goldens("annex-a")
    stages = []
    for day in ("2026-07-01", "2026-07-08", "2026-02-01"):
        tables = {name: [{"born": day, **row} for row in told] for name, told in rows.items()}
        stages.append({"about": {}, "child": "C1", "tables": tables})
    return found | in_turn("annex-a", *stages)
