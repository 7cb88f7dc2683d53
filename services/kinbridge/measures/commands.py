"""`kinbridge meetings`: what the line was told of meetings, counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

import click
from pydantic import ValidationError

from kinbridge.measures.telling import Told, json_of, text_of
from kinbridge.meetings.histories import histories
from kinbridge.meetings.measures import measure
from kinbridge.partnership.loader import PolicyError, load_all
from kinbridge.runtime.whole import TopicAwayError, WholeTopic
from kinbridge.settings import Settings
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.identifiers import AuthorityCode
from kinbridge_schemas.topics import TopicsError, load_topics


@click.group()
def meetings() -> None:
    """Meetings: what became of them."""


@contextmanager
def _plainly() -> Iterator[None]:
    try:
        yield
    except (PolicyError, TopicAwayError, TopicsError) as problem:
        raise click.ClickException(str(problem)) from None
    except ValidationError:
        raise click.ClickException("The settings cannot be read.") from None


@meetings.command("measures")
@click.option("--authority", required=True, help="The authority's code, as 209.")
@click.option(
    "--month",
    "first",
    required=True,
    type=click.DateTime(["%Y-%m"]),
    help="Of the meetings' dates, in England.",
)
@click.option("--exact", is_flag=True, help="Show numbers of 1 to 4 too. Not for publishing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, and nothing else.")
def show_measures(authority: str, first: datetime, *, exact: bool, as_json: bool) -> None:
    """Count health's part in a month's strategy discussions, and the notice it was given.

    Reads the shared events from their topic, all that is there, and changes nothing.
    """
    with _plainly():
        settings = Settings()
        policies = load_all(settings.partnerships)
        if authority not in policies:
            known = ", ".join(sorted(policies))
            raise click.BadParameter(f"There is no policy of {authority}. Known: {known}.")
        policy = policies[authority]
        with _whole(settings) as topic:
            found = histories(_told_by(topic, authority))
        day = first.date()
        month = measure(found, day, _next_month(day), policy.working_time)
        told = Told(
            authority, policy.title, day, policy.role_titles, topic.unreadable, topic.since
        )
        click.echo((json_of if as_json else text_of)(month, told, exact=exact))


def _whole(settings: Settings) -> WholeTopic:
    (topic,) = (
        each for each in load_topics(settings.topics).topics if each.schema_ == ChildEvent.contract
    )
    return WholeTopic(settings.kafka_config, topic.name, topic.schema_, codec())


def _told_by(topic: WholeTopic, authority: AuthorityCode) -> Iterator[ChildEvent]:
    for body in topic:
        if isinstance(body, ChildEvent) and body.authority == authority:
            yield body


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
