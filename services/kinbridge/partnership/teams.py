"""The teams of a partnership, and which of them an item about a child is for. Pure.

The authority's record says which team holds a case. A policy says what that team is called, of
which kind it is, and who takes what no team of the record can be found for: it is never lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from kinbridge_schemas.base import Code, ShortText, Value
from kinbridge_schemas.concerns import TeamAsked
from kinbridge_schemas.vocabulary import RoleCode, ServiceArm, TeamFound

TeamKind = Literal[
    "family-help", "contact-point", "child-protection", "adolescent-protection", "macpt"
]

_ARMS: Final[Mapping[TeamKind, ServiceArm]] = {
    "family-help": "family-help",
    "contact-point": "family-help",
    "child-protection": "macpt",
    "adolescent-protection": "macpt",
    "macpt": "macpt",
}


class Desk(Value):
    """How a desk is reached: a team's number or box, never a person at home."""

    text: ShortText
    phone: ShortText | None = None


class Post(Value):
    """A role and the desk that holds it. A vacant post has no desk, and names cover."""

    desk: Desk | None = None
    cover: RoleCode | None = None
    out_of_hours: Desk | None = None


class Team(Value):
    """A team. Its kind decides of which arm it is, and so on which topic its alerts are.

    `known_as` are other codes by which case systems name it; `localities` the partnership's own
    names of areas. Of several teams of an arm one is the `default`: it has what is about a
    child whose record names no team of that arm.
    """

    code: Code
    kind: TeamKind
    title: ShortText
    known_as: tuple[Code, ...] = ()
    default: bool = False
    localities: tuple[ShortText, ...] = ()
    roles: Mapping[RoleCode, Post]

    @property
    def arm(self) -> ServiceArm:
        return _ARMS[self.kind]

    @property
    def codes(self) -> tuple[Code, ...]:
        return (self.code, *self.known_as)


def team_asked(teams: Sequence[Team], arm: ServiceArm, recorded: Sequence[Code]) -> TeamAsked:
    """Give the team of an arm that is asked. `recorded` are codes of the record, latest first."""
    known = {code: team for team in teams for code in team.codes}
    for code in recorded:
        if code in known and known[code].arm == arm:
            return _asked(known[code], TeamFound.ALLOCATED)
    if not recorded:
        found = TeamFound.NO_TEAM_RECORDED
    elif all(code in known for code in recorded):
        found = TeamFound.TEAM_OF_ANOTHER_ARM
    else:
        found = TeamFound.TEAM_NOT_KNOWN
    return _asked(default_of(teams, arm), found)


def default_of(teams: Sequence[Team], arm: ServiceArm) -> Team:
    """Give the team that has what no other team of an arm has."""
    return min((t for t in teams if t.arm == arm), key=lambda team: not team.default)


def post_of(
    teams: Sequence[Team], role: RoleCode, arm: ServiceArm, asked: frozenset[Code]
) -> tuple[Team, Post] | None:
    """Give who holds a role: in this arm if anybody does, and the teams that are asked first."""
    ordered = sorted(
        teams, key=lambda t: (t.arm != arm, t.code not in asked, not t.default, t.arm)
    )
    return next(((t, t.roles[role]) for t in ordered if role in t.roles), None)


def team_problems(teams: Sequence[Team]) -> Iterator[str]:
    """Give what does not fit together: a code that stands twice, an arm without one default."""
    codes = [code for team in teams for code in team.codes]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield f"teams: {code} stands twice"
    for arm in sorted({team.arm for team in teams}):
        of_arm = [team for team in teams if team.arm == arm]
        defaults = sum(team.default for team in of_arm)
        if defaults > 1 or (len(of_arm) > 1 and not defaults):
            yield f"teams: {defaults} default teams of {arm}, where one is needed"


def _asked(team: Team, found: TeamFound) -> TeamAsked:
    return TeamAsked(code=team.code, title=team.title, found=found)
