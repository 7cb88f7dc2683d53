"""What a provider's server is asked, on which terms, and what the next page may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kinbridge.partnership.loader import PolicyError, check_servers, load
from kinbridge.partnership.model import Partnership
from kinbridge.retrieval.care.decide import NotCareError, first_request, joined
from kinbridge.retrieval.care.paging import next_request, page_of
from kinbridge.sources.loader import SourcesError, parse_sources
from kinbridge_schemas.identifiers import NhsNumber
from kinbridge_schemas.retrieval import DemographicsWanted
from kinbridge_schemas.vocabulary import DisclosureTier
from tests.services.retrieval.care import NUMBER, a_question, a_server

POLICIES = Path(__file__).parents[3] / "deploy" / "partnerships"
BASE = "https://care.example/fhir/R4"


def a_page(*links: tuple[str, str]) -> bytes:
    return orjson.dumps(
        {
            "resourceType": "Bundle",
            "type": "searchset",
            "link": [{"relation": relation, "url": url} for relation, url in links],
        }
    )


def followed(url: str, base: str = BASE) -> str | None:
    """Where a page says that the next is, as far as it is asked."""
    page = page_of(a_page(("self", f"{BASE}/self"), ("next", url)))
    assert page is not None
    found = next_request(page, NhsNumber(NUMBER), base)
    return found.address if found else None


# -- the question


def test_only_a_search_for_care_is_asked_here() -> None:
    demographics = a_question().model_copy(update={"wanted": DemographicsWanted()})

    with pytest.raises(NotCareError):
        first_request(demographics, "patient", a_server(), BASE)
    with pytest.raises(NotCareError):
        first_request(a_question(), "patient", a_server(), BASE)


@pytest.mark.parametrize("tier", list(DisclosureTier))
@pytest.mark.parametrize("step", ["appointments", "encounters"])
def test_no_address_of_a_search_holds_the_number(tier: DisclosureTier, step: str) -> None:
    request = first_request(a_question(tier=tier), step, a_server(), f"{BASE}/")

    assert NUMBER not in request.address
    assert request.address.startswith(f"{BASE}/")
    assert any(NUMBER in value for _, value in request.form)


# -- its pages


def test_a_single_page_is_handed_on_as_it_came_and_several_as_one() -> None:
    one, two = a_page(), b'{ "resourceType": "Bundle",\n"type": "searchset", "total": 1.0 }'

    assert joined([two]) == two
    assert one in joined([one, two])
    assert two in joined([one, two])
    assert len(orjson.loads(joined([one, two]))["entry"]) == 2


@pytest.mark.parametrize(
    ("link", "address"),
    [
        pytest.param(f"{BASE}?page=2", f"{BASE}?page=2", id="at the base"),
        pytest.param(f"{BASE}/x?page=2#top", f"{BASE}/x?page=2", id="with a fragment"),
        pytest.param("HTTPS://CARE.example:443/fhir/R4?p=2", "", id="written otherwise"),
        pytest.param("https://care.example.evil/fhir/R4", None, id="a longer host"),
        pytest.param("https://user@care.example:8443/fhir/R4", None, id="another port"),
        pytest.param("http://care.example/fhir/R4", None, id="not encrypted"),
        pytest.param("https://care.example/fhir/R4x", None, id="a longer path"),
        pytest.param(f"{BASE}/%2e%2e/admin", None, id="out of the base, hidden"),
        pytest.param("//other.example/fhir/R4", None, id="another host, relative"),
        pytest.param("javascript:alert(1)", None, id="no address of a server"),
        pytest.param("https://care.example:99999/fhir/R4", None, id="no port"),
    ],
)
def test_a_next_page_is_asked_only_inside_the_address_that_was_configured(
    link: str, address: str | None
) -> None:
    found = followed(link)

    assert (found is None) == (address is None)
    assert not address or found == address


def test_a_link_that_is_not_next_is_not_followed() -> None:
    page = page_of(a_page(("self", f"{BASE}?page=1"), ("previous", f"{BASE}?page=0")))

    assert page is not None
    assert next_request(page, NhsNumber(NUMBER), BASE) is None


_LINKS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", BASE, f"{BASE}/Appointment", "https://other.example", "/", "//", "../"]),
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.sampled_from(["", NUMBER, f"?patient:identifier=x%7C{NUMBER}", "?page=", "%39000000017"]),
    st.text(st.characters(codec="utf-8"), max_size=8),
)


@given(link=_LINKS)
def test_whatever_a_server_links_to_no_other_place_and_no_number_is_asked(link: str) -> None:
    found = followed(link)

    assert found is None or found.lower().startswith(BASE.lower())
    assert found is None or NUMBER not in found


@given(content=st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
def test_what_is_no_searchset_is_no_page(content: bytes) -> None:
    assert page_of(content) is None


# -- the terms


def spoilt(tmp_path: Path, old: str, new: str) -> Path:
    """Lewisham's policy with another text in its section about care."""
    before, mark, care = (POLICIES / "lewisham.yaml").read_text("utf-8").partition("\ncare:")
    assert care.count(old) >= 1
    path = tmp_path / "lewisham.yaml"
    path.write_text(before + mark + care.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("unborn: PB, ", "", "care.basis.unborn: missing", id="no ground"),
        pytest.param("unborn: PB", "unborn: S47", "for born children only", id="a born child's"),
        pytest.param("servers: []", "servers: [a, a]", "stands twice", id="a server twice"),
        pytest.param("months: 12", "months: 0", "care.months", id="no time"),
        pytest.param("    existence: [Appointment]\n", "", "existence is missing", id="a tier"),
        pytest.param("[child, mother", "[child, aunt, mother", "care.whose", id="somebody else"),
        pytest.param(
            "servers: []\n  months: 12\n  whose: [child, mother-of-unborn]\n  tier: content",
            "servers: [a]\n  months: 12\n  whose: [child]\n  tier: existence",
            "",
            id="less with a plan is still something",
        ),
        pytest.param(
            "content: [Appointment, Encounter]",
            "content: [Observation]",
            "care.resources",
            id="another resource",
        ),
    ],
)
def test_a_policy_that_does_not_fit_together_is_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = spoilt(tmp_path, old, new)

    if not said:
        assert load(path).care is not None
        return
    with pytest.raises(PolicyError, match=said):
        load(path)


def test_servers_that_are_asked_for_nothing_are_refused(tmp_path: Path) -> None:
    old = "servers: []"
    path = spoilt(tmp_path, old, "servers: [a]")
    text = path.read_text("utf-8").replace("content: [Appointment, Encounter]", "content: []")
    path.write_text(text.replace("existence: [Appointment]", "existence: []"), encoding="utf-8")

    with pytest.raises(PolicyError, match="nothing is asked for"):
        load(path)


def test_more_without_a_plan_than_with_one_is_refused(tmp_path: Path) -> None:
    path = spoilt(tmp_path, "tier: content ", "tier: existence ")
    text = path.read_text("utf-8").replace("tier_otherwise: existence", "tier_otherwise: content")
    path.write_text(text, encoding="utf-8")

    with pytest.raises(PolicyError, match="more is asked without a plan than with one"):
        load(path)


def with_servers(*names: str) -> Partnership:
    policy = load(POLICIES / "lewisham.yaml")
    assert policy.care is not None
    care = policy.care.model_copy(update={"servers": names})
    return policy.model_copy(update={"care": care})


def test_a_policy_that_asks_a_server_nobody_configured_stops_the_start() -> None:
    policy = with_servers("known", "unknown")

    with pytest.raises(PolicyError, match="names no unknown"):
        check_servers({"209": policy}, {"known"})
    check_servers({"209": policy}, {"known", "unknown"})


@pytest.mark.parametrize(
    "server",
    [
        pytest.param({"name": "pds"}, id="the name of PDS"),
        pytest.param({"address_setting": "https://care.example"}, id="an address in the file"),
        pytest.param({"auth": {"kind": "bearer", "token": "secret"}}, id="a token in the file"),
        pytest.param({"auth": {"kind": "basic"}}, id="another way to sign in"),
        pytest.param({"patient_by": "patient"}, id="another parameter"),
        pytest.param({"pages": 0}, id="no pages"),
        pytest.param({"per_second": 1_000}, id="too fast"),
        pytest.param({"within": "P30D"}, id="asked for too long"),
    ],
)
def test_a_server_that_cannot_be_is_refused(server: dict[str, Any]) -> None:
    given = {"name": "example", "address_setting": "KINBRIDGE_EXAMPLE_ADDRESS"} | server

    with pytest.raises(SourcesError) as raised:
        parse_sources(orjson.dumps({"care": [given]}).decode())
    assert "secret" not in str(raised.value)


def test_two_servers_of_one_name_are_refused() -> None:
    given = {"name": "example", "address_setting": "KINBRIDGE_EXAMPLE_ADDRESS"}

    with pytest.raises(SourcesError, match="two servers have one name"):
        parse_sources(orjson.dumps({"care": [given, given]}).decode())


def yaml_of(page: Path) -> list[dict[str, Any]]:
    blocks = page.read_text("utf-8").split("```yaml\n")[1:]
    return [yaml.safe_load(block.partition("```")[0]) for block in blocks]


def test_what_the_page_for_engineers_shows_is_taken(tmp_path: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "adapters" / "nhs-care-search.md"
    sources, policy = yaml_of(page)
    shipped = yaml.safe_load((POLICIES / "lewisham.yaml").read_text("utf-8"))
    path = tmp_path / "lewisham.yaml"
    path.write_text(yaml.safe_dump({**shipped, **policy}), encoding="utf-8")
    known = {server.name for server in parse_sources(yaml.safe_dump(sources)).care}

    check_servers({"209": load(path)}, known)
    assert known == {"example-maternity"}
