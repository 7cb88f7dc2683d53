"""The return on looked-after children, as tables and as XML, and when it starts the shield."""

from __future__ import annotations

from datetime import date

import pytest

from kinbridge_schemas.problems import UnreadableError
from tests.adapters.casesystem.loads import Loads, kinds, parts, report, shuffled_lines

HEADER = b"CHILD,SEX,DOB,ETHNIC\r\nC1,2,01/09/2014,WBRI\r\nC2,1,05/03/2012,WBRI\r\n"
COLUMNS = b"CHILD,DECOM,RNE,LS,CIN,PLACE,DEC,REC\r\n"
EPISODES = (
    COLUMNS
    + b"C1,12/05/2025,S,V2,N1,U6,01/09/2025,X1\r\n"
    + b"C1,01/09/2025,B,C1,N1,U4,,\r\n"
    + b"C2,03/02/2026,S,L2,N1,K2,,\r\n"
)
MISSING = b"CHILD,DOB,MISSING,MIS_START,MIS_END\r\nC1,01/09/2014,M,11/02/2026,\r\n"
FILES = {"header.csv": HEADER, "episodes.csv": EPISODES, "missing.csv": MISSING}
SINCE = date(2025, 4, 1)

XML = b"""<?xml version="1.0"?><EXPSSDA903>
<CHILD><HEADER><CHILDID>C1</CHILDID><DOB>01/09/2014</DOB>
<AMISSING><MISSING>M</MISSING><MIS_START>11/02/2026</MIS_START></AMISSING></HEADER>
<EPISODE><DECOM>12/05/2025</DECOM><RNE>S</RNE><LS>V2</LS><PL>U6</PL><DEC>01/09/2025</DEC>
<REC>X1</REC></EPISODE>
<EPISODE><DECOM>01/09/2025</DECOM><RNE>B</RNE><LS>C1</LS><PL>U4</PL></EPISODE></CHILD>
<CHILD><HEADER><CHILDID>C2</CHILDID><DOB>05/03/2012</DOB></HEADER>
<EPISODE><DECOM>03/02/2026</DECOM><RNE>S</RNE><LS>L2</LS><PL>K2</PL></EPISODE></CHILD>
</EXPSSDA903>"""


def test_the_tables_of_a_child_come_together() -> None:
    assert kinds(Loads("ssda903").take(FILES)) == [
        ("assert", "looked_after_placement_changed"),
        ("assert", "looked_after_started"),
        ("assert", "looked_after_started"),
        ("assert", "missing_started"),
        ("assert", "person_registered"),
        ("assert", "person_registered"),
    ]


def test_the_xml_of_the_return_says_the_same_as_its_tables() -> None:
    loads = Loads("ssda903")
    loads.take(FILES)

    assert loads.take({"903.xml": XML}) == []


@pytest.mark.parametrize("seed", range(4))
def test_lines_in_another_order_give_the_same_parts(seed: int) -> None:
    mixed = {name: shuffled_lines(content, seed) for name, content in FILES.items()}
    again = dict(reversed(mixed.items()))

    assert parts("ssda903", again) == parts("ssda903", FILES)


def test_a_changed_file_tells_the_difference_and_nothing_else() -> None:
    loads = Loads("ssda903", SINCE)
    loads.take(FILES)
    changed = EPISODES.replace(
        b"C1,01/09/2025,B,C1,N1,U4,,", b"C1,01/09/2025,B,C1,N1,U4,2/3/2026,E4A"
    )
    changed = changed.replace(b"C2,03/02/2026", b"C2,02/02/2026")

    assert kinds(loads.take(FILES | {"episodes.csv": changed})) == [
        ("assert", "looked_after_ended"),
        ("assert", "looked_after_started"),
        ("retract", "looked_after_started"),
    ]


def test_without_a_day_from_which_it_is_complete_a_file_deletes_nothing() -> None:
    loads = Loads("ssda903")
    loads.take(FILES)

    assert loads.take(FILES | {"episodes.csv": COLUMNS}) == []


def test_a_step_that_a_later_year_repeats_with_its_end_is_one() -> None:
    years = EPISODES + b"C2,03/02/2026,S,L2,N1,K2,20/02/2026,E8\r\n"
    told = Loads("ssda903").take({"header.csv": HEADER, "episodes.csv": years})

    assert kinds(told).count(("assert", "looked_after_started")) == 2
    assert kinds(told).count(("assert", "looked_after_ended")) == 1


@pytest.mark.parametrize(
    ("row", "trigger"),
    [
        *(
            (f"C1,12/05/2025,S,E1,N1,{kind},,", f"placement-{kind.lower()}")
            for kind in ("A3", "A4")
        ),
        *(
            (f"C1,12/05/2025,S,E1,N1,{kind},,", f"placement-{kind.lower()}")
            for kind in ("A5", "A6")
        ),
        ("C1,12/05/2025,S,E1,N1,U5,20/02/2026,E11", "end-e11"),
        ("C1,12/05/2025,S,E1,N1,U5,20/02/2026,E12", "end-e12"),
    ],
)
def test_adoptions_start_the_shield(row: str, trigger: str) -> None:
    told = Loads("ssda903").take({"episodes.csv": COLUMNS + row.encode() + b"\n"})

    shields = [e.detail.model_dump() for e in told if e.detail.kind == "adoption_shield_started"]
    assert [shield["trigger"] for shield in shields] == [trigger]


@pytest.mark.parametrize(
    ("content", "reason", "path"),
    [
        pytest.param(EPISODES[:-9], "file-cut-short", "", id="cut within a line"),
        pytest.param(EPISODES[:-8] + b"\n", "row-of-other-length", "row[3]", id="a short line"),
        pytest.param(COLUMNS + b'C1,"12/05\r\n', "csv-invalid", "", id="an open quote"),
        pytest.param(b"", "file-empty", "", id="nothing"),
        pytest.param(b"\r\n", "header-missing", "", id="no header"),
        pytest.param(b"A,A\r\n", "column-repeated", "", id="a column twice"),
        pytest.param(b"ID,DECOM\r\n1,2\r\n", "column-missing", "CHILD", id="no child"),
    ],
)
def test_a_damaged_table_is_refused_whole(content: bytes, reason: str, path: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        parts("ssda903", FILES | {"episodes.csv": content})

    assert (raised.value.reason, raised.value.path) == (reason, path)


@pytest.mark.parametrize("cut", range(1, len(XML) - 1, 37))
def test_a_cut_xml_file_is_refused_whole(cut: int) -> None:
    with pytest.raises(UnreadableError):
        parts("ssda903", {"903.xml": XML[:cut]})


def test_a_table_of_an_older_system_is_read_in_its_own_letters() -> None:
    table = "CHILD,DOB,NOTE\nC1,01/09/2014,Zoë\n".encode("cp1252")

    assert [part.id for part in parts("ssda903", {"header.csv": table})] == ["C1"]


def test_what_is_odd_is_counted_without_a_value() -> None:
    odd = COLUMNS + b"C1,12/05/2025,Q,V9,N1,U6,01/05/2025,X1\r\nC1,12/05/2099,S,V2,N1,U6,,\r\n"
    found = report("ssda903", {"header.csv": HEADER, "episodes.csv": odd})

    assert {(c.rule, c.field) for c in found.counts} == {
        ("code-unknown", "episodes.RNE"),
        ("code-unknown", "episodes.LS"),
        ("date-in-future", "episodes.DECOM"),
        ("end-before-start", "placement.end"),
    }
    assert (found.children, found.clean) == (2, 1)
    assert not [line for line in found.lines() if "C1" in line or "2025" in line]
