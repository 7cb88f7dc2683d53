"""What CP-IS says of the child, for one line of an alert. Pure. No rule is about it.

It is health's view that some authority has a plan. The authority's own record says how the
child stands with it, whatever this says: so it starts nothing, ends nothing and counts for
nothing, and is shown beside it.
"""

from __future__ import annotations

from datetime import datetime

from kinbridge.rules.picture import Account
from kinbridge.rules.situation import OWN
from kinbridge.rules.view import View
from kinbridge_schemas.concerns import CpisPlan
from kinbridge_schemas.events.protection import CpisStatus, CpisStatusRecorded
from kinbridge_schemas.vocabulary import Role


def cpis_plan(view: View, as_of: datetime) -> CpisPlan | None:
    """Give the plan that CP-IS knows of at a time: the one that began last."""
    known = [
        (account, plan)
        for account, plan in view.of(CpisStatusRecorded)
        if _of_this_child(view, account, plan) and _lasts(plan, as_of)
    ]
    if not known:
        return None
    _, plan = max(known, key=lambda told: (told[0].occurred.at, told[0].event))
    return CpisPlan(
        status=plan.status,
        since=plan.started,
        authority=plan.authority_name or plan.authority_code,
        office_hours=plan.office_hours,
        out_of_hours=plan.out_of_hours,
    )


def _of_this_child(view: View, account: Account, plan: CpisStatusRecorded) -> bool:
    """Its own; and the mother's record while it is unborn, where that is for an unborn child.

    A mother who is a child on a plan herself is no plan of her baby's, nor her baby's one of hers.
    """
    unborn = plan.status is CpisStatus.UNBORN_CHILD_PROTECTION_PLAN
    if account.relation in OWN:
        return view.record.unborn or not unborn
    return unborn and account.relation is Role.MOTHER and view.record.unborn


def _lasts(plan: CpisStatusRecorded, as_of: datetime) -> bool:
    return plan.ended is None or plan.ended > as_of
