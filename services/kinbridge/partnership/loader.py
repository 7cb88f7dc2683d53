"""Read partnership files, and refuse what does not fit together: file, place and problem.

Everything a policy can get wrong is found here, before the line starts; nothing is assumed.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from kinbridge.partnership.care import CARE_NEEDED, CareTerms
from kinbridge.partnership.model import Partnership
from kinbridge.partnership.teams import team_problems
from kinbridge.partnership.terms import (
    NEEDED,
    BasisCode,
    EarliestStage,
    RuleTerms,
    Standing,
)
from kinbridge_schemas.identifiers import AuthorityCode
from kinbridge_schemas.vocabulary import (
    DisclosureTier,
    RoleCode,
    ServiceArm,
    SupportTier,
    Urgency,
)

_NEVER_SUPPRESSED: Final = frozenset({"R3", "R18", "R19"})
_BORN_ONLY: Final = frozenset({"S47", "CIN"})
"""A child in the Children Act 1989 is born: these grounds are not printed for an unborn."""
_CALENDAR_AHEAD: Final = timedelta(days=365)


class PolicyError(Exception):
    """A partnership file cannot be used: the start is refused. Says every problem's place."""

    def __init__(self, file: str, problems: list[str]) -> None:
        super().__init__("\n".join(f"{file}: {problem}" for problem in problems))
        self.file: Final = file
        self.problems: Final = problems


class _UniqueKeys(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error, not the last one's win."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - the signature is PyYAML's
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"{min(map(str, twice))} stands twice", node.start_mark
            )
        return super().construct_mapping(node, deep)


def load(path: Path) -> Partnership:
    """Read one partnership file. Raises PolicyError with every problem found."""
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), _UniqueKeys)  # noqa: S506 - a SafeLoader
        partnership = Partnership.model_validate(data)
    except yaml.YAMLError as problem:
        raise PolicyError(path.name, [str(problem)]) from None
    except ValidationError as problem:
        raise PolicyError(path.name, [_said(error) for error in problem.errors()]) from None
    problems = list(_problems(partnership))
    if problems:
        raise PolicyError(path.name, problems)
    return partnership


def load_all(folder: Path) -> Mapping[AuthorityCode, Partnership]:
    """Read every `*.yaml` of a folder, by authority. Raises PolicyError; none at all is one."""
    found: dict[AuthorityCode, Partnership] = {}
    for path in sorted(folder.glob("*.yaml")):
        partnership = load(path)
        if partnership.authority in found:
            raise PolicyError(
                path.name, [f"authority: {partnership.authority} has a file already"]
            )
        found[partnership.authority] = partnership
    if not found:
        raise PolicyError(folder.name, ["no partnership file (*.yaml) in this folder"])
    return found


def check_servers(policies: Mapping[AuthorityCode, Partnership], known: Container[str]) -> None:
    """Raise PolicyError where a policy asks a server that the file of sources does not name."""
    for policy in policies.values():
        named = policy.care.servers if policy.care else ()
        unknown = [name for name in named if name not in known]
        if unknown:
            problems = [f"care.servers: the file of sources names no {name}" for name in unknown]
            raise PolicyError(policy.name, problems)


def _said(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    return f"{place or 'file'}: {error['msg']}"


def _problems(policy: Partnership) -> Iterator[str]:
    yield from _calendar(policy)
    yield from _completeness(policy)
    yield from team_problems(policy.teams)
    yield from _posts(policy)
    yield from _subscriptions(policy)
    for name, terms in policy.rules.sharing().items():
        if terms.enabled:
            yield from _grounds(policy, name, terms)
            yield from _recipients(policy, name, terms)
    if policy.care is not None:
        yield from _asking(policy, policy.care)
    yield from _escalation(policy)
    yield from _suppressions(policy)
    yield from _names(policy)


def _calendar(policy: Partnership) -> Iterator[str]:
    if policy.calendar.covers_to < policy.policy_date + _CALENDAR_AHEAD:
        yield "calendar.covers_to: less than a year after policy_date"
    if not policy.duty.start < policy.duty.end:
        yield "duty: start is not before end"
    days = policy.calendar.bank_holidays
    for year in range(policy.policy_date.year, policy.calendar.covers_to.year + 1):
        if not any(day.year == year for day in days):
            yield f"calendar.bank_holidays: none in {year}"
    if len(set(days)) != len(days):
        yield "calendar.bank_holidays: a day stands twice"


def _completeness(policy: Partnership) -> Iterator[str]:
    tables: dict[str, Mapping[Urgency, object]] = {
        "urgencies": policy.urgencies,
        "clocks.reminder_minutes": policy.clocks.reminder_minutes,
        "clocks.ack_expiry_hours": policy.clocks.ack_expiry_hours,
        "snooze.longest_hours": policy.snooze.longest_hours,
    }
    for arm in sorted(policy.arms()):
        tables[f"clocks.settle_minutes.{arm}"] = policy.clocks.settle_minutes.get(arm, {})
        if not policy.escalation.get(arm):
            yield f"escalation.{arm}: no steps"
    for place, table in tables.items():
        for missing in sorted(set(Urgency) - set(table)):
            yield f"{place}: {missing} is missing"
    for unnamed in sorted(set(SupportTier) - {SupportTier.UNKNOWN} - set(policy.tiers)):
        yield f"tiers: {unnamed} has no name"


def _posts(policy: Partnership) -> Iterator[str]:
    for team in policy.teams:
        for role, post in team.roles.items():
            place = f"teams.{team.code}.roles.{role}"
            if role not in policy.role_titles:
                yield f"{place}: no title in role_titles"
            if post.cover == role:
                yield f"{place}.cover: a role cannot cover itself"
            if post.cover and not policy.holds(post.cover, team.arm):
                yield f"{place}.cover: nobody holds {post.cover}"


def _grounds(policy: Partnership, name: str, terms: RuleTerms) -> Iterator[str]:
    yield from _each_ground(policy, f"rules.{name}", NEEDED[name], terms.basis)


def _asking(policy: Partnership, care: CareTerms) -> Iterator[str]:
    yield from _each_ground(policy, "care", CARE_NEEDED, care.basis)
    tiers = {care.tier, care.tier_otherwise}
    if care.servers and not any(care.resources[tier] for tier in tiers):
        yield "care.resources: servers are named and nothing is asked for"
    if care.tier is DisclosureTier.EXISTENCE and care.tier_otherwise is DisclosureTier.CONTENT:
        yield "care.tier_otherwise: more is asked without a plan than with one"


def _each_ground(
    policy: Partnership,
    of: str,
    needed: frozenset[Standing],
    basis: Mapping[Standing, BasisCode],
) -> Iterator[str]:
    for standing in sorted(needed - set(basis)):
        yield f"{of}.basis.{standing}: missing"
    for standing, code in basis.items():
        place = f"{of}.basis.{standing}"
        if standing == "unborn" and code in _BORN_ONLY:
            yield f"{place}: {code} is a ground for born children only"
        if not _in_force(policy, code, policy.policy_date):
            yield f"{place}: {code} is not in force on {policy.policy_date}"


def _in_force(policy: Partnership, code: str, on: date) -> bool:
    return any(
        b.code == code
        and b.valid_from is not None
        and b.valid_from <= on
        and (b.valid_to is None or on < b.valid_to)
        for b in policy.bases
    )


def _recipients(policy: Partnership, name: str, terms: RuleTerms) -> Iterator[str]:
    for index, recipient in enumerate(terms.recipients):
        place = f"rules.{name}.recipients.{index}"
        if recipient.arm not in policy.arms():
            yield f"{place}.arm: no team of {recipient.arm}"
        yield from _named(policy, recipient.owner, recipient.arm, f"{place}.owner")
        for copy in recipient.copies:
            yield from _named(policy, copy, recipient.arm, f"{place}.copies")
    if isinstance(terms, EarliestStage):
        arm = terms.recipients[0].arm
        for stage in ("contact", "referral", "assessment", "help"):
            owner = getattr(terms, stage).owner
            yield from _named(policy, owner, arm, f"rules.{name}.{stage}.owner")


def _named(policy: Partnership, role: RoleCode, arm: ServiceArm, place: str) -> Iterator[str]:
    found = policy.post(role, arm)
    if found is None:
        yield f"{place}: no team has the role {role}"
    elif found[1].desk is None and found[1].cover is None:
        yield f"{place}: {role} is vacant and has no cover"


def _escalation(policy: Partnership) -> Iterator[str]:
    for arm, steps in policy.escalation.items():
        minutes = [step.after_minutes for step in steps]
        if minutes != sorted(set(minutes)):
            yield f"escalation.{arm}: after_minutes must rise"
        for index, step in enumerate(steps):
            yield from _named(policy, step.role, arm, f"escalation.{arm}.{index}.role")


def _subscriptions(policy: Partnership) -> Iterator[str]:
    arms = {team.code: team.arm for team in policy.teams}
    for index, told in enumerate(policy.subscriptions):
        for code in told.teams:
            if arms.get(code) not in told.arms:
                yield f"subscriptions.{index}.teams: {code} is no team of its arms"


def _suppressions(policy: Partnership) -> Iterator[str]:
    for index, held in enumerate(policy.suppressions):
        place = f"suppressions.{index}"
        for rule in sorted(_NEVER_SUPPRESSED & set(held.rules)):
            yield f"{place}.rules: {rule} is never suppressed"
        if "R7" in held.rules and held.least_urgency is Urgency.U1:
            yield f"{place}: urgent R7 is never suppressed"
        if not held.valid_from < held.valid_to:
            yield f"{place}: valid_from is not before valid_to"


def _names(policy: Partnership) -> Iterator[str]:
    lists = {
        "subscriptions": [subscription.name for subscription in policy.subscriptions],
        "suppressions": [held.name for held in policy.suppressions],
    }
    for place, names in lists.items():
        if len(set(names)) != len(names):
            yield f"{place}: a name stands twice"
