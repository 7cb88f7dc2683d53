"""One child of the DfE Children's Social Care API 1.0.1, as far as it is used here.

Source: DFE-Digital/children-in-social-care-schemas, openapi.json (MIT). Fields that no shared
event needs (pupil numbers, ethnicity, disabilities, sex, scores, care leavers) are named, so
that an unknown field is an error, and are not kept: less is held of a child that way.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Day = Annotated[str, StringConstraints(max_length=40)]
ObjectId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,36}$")]
CodeText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{0,6}$")]
WorkerId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,11}$")]
NotUsed = object


class Told(BaseModel):
    """Closed, and errors show no value."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ToldDetails(Told):
    first_name: str | None = None
    surname: str | None = None
    date_of_birth: Day | None = None
    expected_date_of_birth: Day | None = None
    postcode: Annotated[str, StringConstraints(max_length=8)] | None = None
    purge: bool = False
    unique_pupil_number: NotUsed = None
    former_unique_pupil_number: NotUsed = None
    unique_pupil_number_unknown_reason: NotUsed = None
    sex: NotUsed = None
    ethnicity: NotUsed = None
    disabilities: NotUsed = None
    uasc_flag: NotUsed = None
    uasc_end_date: NotUsed = None


class ToldWorker(Told):
    worker_id: WorkerId | None = None
    start_date: Day | None = None
    end_date: Day | None = None


class ToldAssessment(Told):
    child_and_family_assessment_id: ObjectId
    start_date: Day | None = None
    authorisation_date: Day | None = None
    factors: tuple[CodeText, ...] = ()
    purge: bool = False


class ToldCinPlan(Told):
    child_in_need_plan_id: ObjectId
    start_date: Day | None = None
    end_date: Day | None = None
    purge: bool = False


class ToldS47(Told):
    section_47_assessment_id: ObjectId
    start_date: Day | None = None
    icpc_required_flag: bool | None = None
    icpc_date: Day | None = None
    end_date: Day | None = None
    purge: bool = False


class ToldCpPlan(Told):
    child_protection_plan_id: ObjectId
    start_date: Day | None = None
    end_date: Day | None = None
    purge: bool = False


class ToldPlacement(Told):
    child_looked_after_placement_id: ObjectId
    start_date: Day | None = None
    start_reason: CodeText | None = None
    placement_type: CodeText | None = None
    end_date: Day | None = None
    end_reason: CodeText | None = None
    change_reason: CodeText | None = None
    purge: bool = False
    postcode: NotUsed = None


class ToldAdoption(Told):
    initial_decision_date: Day | None = None
    matched_date: Day | None = None
    placed_date: Day | None = None
    purge: bool = False


class ToldEpisode(Told):
    social_care_episode_id: ObjectId
    referral_date: Day | None = None
    referral_source: CodeText | None = None
    referral_no_further_action_flag: bool | None = None
    closure_date: Day | None = None
    closure_reason: CodeText | None = None
    care_worker_details: tuple[ToldWorker, ...] = ()
    child_and_family_assessments: tuple[ToldAssessment, ...] = ()
    child_in_need_plans: tuple[ToldCinPlan, ...] = ()
    section_47_assessments: tuple[ToldS47, ...] = ()
    child_protection_plans: tuple[ToldCpPlan, ...] = ()
    child_looked_after_placements: tuple[ToldPlacement, ...] = ()
    adoption: ToldAdoption | None = None
    purge: bool = False
    care_leavers: NotUsed = None


class ToldChild(Told):
    la_child_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,20}$")]
    child_details: ToldDetails | None = None
    social_care_episodes: tuple[ToldEpisode, ...] = ()
    purge: bool = False
    mis_child_id: NotUsed = None
    health_and_wellbeing: NotUsed = None
