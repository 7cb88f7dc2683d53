"""The map: every stage of the line, in the order an event meets them.

    intake -> mapping -> linking -> rules -> consolidation -> delivery -> sending

Stages never import each other; what they say to each other stands in topics.yaml. This is the
composition root: settings and policies come in here, and finished stages go out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import SecretStr

from kinbridge.consolidation import stage as consolidation
from kinbridge.delivery import stage as delivery
from kinbridge.linking import stage as linking
from kinbridge.mapping import stage as mapping
from kinbridge.partnership.loader import load_all
from kinbridge.partnership.model import Partnership
from kinbridge.rules import stage as rules
from kinbridge.sending import stage as sending
from kinbridge.settings import Settings, named_in_a_file
from kinbridge.sources.loader import load_sources
from kinbridge.sources.model import Sources
from kinbridge.stage import Perform, Stage
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.identifiers import AuthorityCode, Pseudonymiser
from kinbridge_schemas.topics import Topics, load_topics

Policies = Mapping[AuthorityCode, Partnership]

_DECLARED: Final[Mapping[str, Callable[[Pseudonymiser, Policies], Stage[Any]]]] = {
    "mapping": lambda pseudonyms, _: mapping.declare(pseudonymiser=pseudonyms),
    "linking": lambda pseudonyms, _: linking.declare(pseudonymiser=pseudonyms),
    "rules": lambda pseudonyms, policies: rules.declare(policies, pseudonyms),
    "consolidation": lambda _, policies: consolidation.declare(policies),
    "delivery": lambda _, policies: delivery.declare(policies),
    "sending": lambda _, policies: sending.declare(policies),
}

STAGES: Final = tuple(_DECLARED)
"""The names of the stages that the engine runs. Intake stands before them and keeps no state."""


def stages(pseudonymiser: Pseudonymiser, policies: Policies) -> tuple[Stage[Any], ...]:
    """Give every stage of the line, in order."""
    return tuple(declare(pseudonymiser, policies) for declare in _DECLARED.values())


def run_worker(name: str, settings: Settings) -> int:
    """Run one worker of a stage until it is told to stop. Ends the process with its code."""
    from kinbridge.runtime.app import Group
    from kinbridge.runtime.worker import Settings as HowToRun
    from kinbridge.runtime.worker import run_stage

    policies = load_all(settings.partnerships)
    run_stage(
        _DECLARED[name](Pseudonymiser(settings.need_secret()), policies),
        topics=line_topics(settings),
        codec=codec(),
        store_url=settings.store_url,
        kafka=settings.kafka_config,
        settings=HowToRun(
            group=Group(fetch_wait=settings.fetch_wait.total_seconds()),
            parameters={"authority": tuple(sorted(policies))},
        ),
        perform=_agent(name, policies),
    )


def run_intake(settings: Settings) -> int:
    """Serve intake until it is told to stop. Gives the exit code."""
    from kinbridge.intake.keyring import load_keys
    from kinbridge.intake.serving import Listening, serve

    return serve(
        load_keys(settings.keys),
        settings.kafka_config,
        Pseudonymiser(settings.need_secret()),
        Listening(host=settings.intake_host, port=settings.intake_port),
    )


def _poll_mesh(settings: Settings, sources: Sources) -> int:
    from kinbridge.intake.mesh.serving import Watching, connection_of, serve

    return serve(
        [(each, connection_of(each, named_in_a_file)) for each in sources.mesh],
        settings.kafka_config,
        Pseudonymiser(settings.need_secret()),
        Watching(host=settings.mesh_host, port=settings.mesh_port),
    )


SOURCES: Final[Mapping[str, Callable[[Settings, Sources], int]]] = {"mesh": _poll_mesh}
"""What fetches or listens beside intake's HTTP, each a process of its own, by its name."""


def run_source(name: str, settings: Settings) -> int:
    """Run one kind of source until it is told to stop. Gives the exit code."""
    return SOURCES[name](settings, load_sources(settings.sources))


def sources_named(settings: Settings) -> tuple[str, ...]:
    """Give the kinds of source that the file names: each is a process of the line."""
    found = load_sources(settings.sources)
    return tuple(name for name in SOURCES if getattr(found, name))


def line_topics(settings: Settings) -> Topics:
    """Give the topics as this line has them: the embedded broker has its own partition count."""
    from kinbridge.runtime.embedded import PARTITIONS

    topics = load_topics(settings.topics)
    return topics.with_partitions(PARTITIONS) if settings.embedded else topics


def _agent(name: str, policies: Policies) -> Perform | None:
    if name != "sending":
        return None
    from kinbridge.sending.agent import Courier
    from kinbridge.sending.destination import Destination
    from kinbridge.sending.fhir import FhirServer
    from kinbridge.sending.webhook import WebhookReceiver

    kinds: dict[str, Callable[[SecretStr, SecretStr], Destination]] = {
        "webhook": WebhookReceiver,
        "fhir": FhirServer,
    }
    return Courier(
        {
            subscription.name: kinds[subscription.kind](
                named_in_a_file(subscription.url_setting),
                named_in_a_file(subscription.secret_setting),
            )
            for policy in policies.values()
            for subscription in policy.subscriptions
        }
    )
