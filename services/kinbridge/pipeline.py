"""The map: every stage of the line, in the order an event meets them.

    intake -> mapping -> linking -> rules -> consolidation -> delivery -> sending
                 ^-- retrieval <--'

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
from kinbridge.mapping.routes import routes_of
from kinbridge.partnership.loader import check_servers, load_all
from kinbridge.partnership.model import Partnership
from kinbridge.retrieval import stage as retrieval
from kinbridge.rules import stage as rules
from kinbridge.sending import stage as sending
from kinbridge.settings import Settings, named_in_a_file
from kinbridge.sources.loader import SourcesError, load_sources
from kinbridge.sources.model import Sources
from kinbridge.stage import Perform, Stage
from kinbridge_casesystem.registry import AdapterError, third_party_routes
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.identifiers import AuthorityCode, Pseudonymiser
from kinbridge_schemas.mapped import Routes

Policies = Mapping[AuthorityCode, Partnership]

_Declare = Callable[[Pseudonymiser, Policies, Sources], Stage[Any]]

_DECLARED: Final[Mapping[str, _Declare]] = {
    "mapping": lambda pseudonyms, _, sources: mapping.declare(
        pseudonymiser=pseudonyms, routes=all_routes(sources)
    ),
    "linking": lambda pseudonyms, _, sources: linking.declare(
        pseudonymiser=pseudonyms, pds=sources.pds
    ),
    "rules": lambda pseudonyms, policies, _: rules.declare(policies, pseudonyms),
    "retrieval": lambda pseudonyms, _, sources: retrieval.declare(
        pseudonymiser=pseudonyms, sources=sources
    ),
    "consolidation": lambda _, policies, __: consolidation.declare(policies),
    "delivery": lambda _, policies, __: delivery.declare(policies),
    "sending": lambda _, policies, __: sending.declare(policies),
}

_NO_SOURCES: Final = Sources()


def all_routes(sources: Sources) -> Routes:
    """Give our own adapters and those of others that are named. Raises SourcesError."""
    return {**_others(sources), **routes_of(sources)}


def _others(sources: Sources) -> Routes:
    try:
        return third_party_routes(sources.adapters)
    except AdapterError as problem:
        raise SourcesError(str(problem)) from None


STAGES: Final = tuple(_DECLARED)
"""The names of the stages that the engine runs. Intake stands before them and keeps no state."""


def stages(
    pseudonymiser: Pseudonymiser, policies: Policies, sources: Sources = _NO_SOURCES
) -> tuple[Stage[Any], ...]:
    """Give every stage of the line, in order.

    Raises PolicyError where a policy asks a server that the sources do not name.
    """
    check_servers(policies, {server.name for server in sources.care})
    return tuple(declare(pseudonymiser, policies, sources) for declare in _DECLARED.values())


def run_worker(name: str, settings: Settings) -> int:
    """Run one worker of a stage until it is told to stop. Ends the process with its code."""
    from kinbridge.runtime.app import Group
    from kinbridge.runtime.embedded import line_topics
    from kinbridge.runtime.worker import Settings as HowToRun
    from kinbridge.runtime.worker import run_stage

    policies, sources = load_all(settings.partnerships), load_sources(settings.sources)
    check_servers(policies, {server.name for server in sources.care})
    run_stage(
        _DECLARED[name](Pseudonymiser(settings.need_secret()), policies, sources),
        topics=line_topics(settings),
        codec=codec(),
        store_url=settings.store_url,
        kafka=settings.kafka_config,
        settings=HowToRun(
            group=Group(fetch_wait=settings.fetch_wait.total_seconds()),
            parameters={"authority": tuple(sorted(policies))},
            metrics=_metrics_at(name, settings),
        ),
        perform=_agent(name, policies, sources),
    )


def _metrics_at(name: str, settings: Settings) -> tuple[str, int] | None:
    if settings.workers_port is None:
        return None
    return settings.workers_host, settings.workers_port + STAGES.index(name)


def run_intake(settings: Settings) -> int:
    """Serve intake until it is told to stop. Gives the exit code."""
    from kinbridge.intake.agent import wall_clock
    from kinbridge.intake.eclipse.door import make_notifiers
    from kinbridge.intake.keyring import load_keys
    from kinbridge.intake.serving import Listening, serve
    from kinbridge.intake.subscriptions.hooks import make_hooks
    from kinbridge.intake.subscriptions.serving import secret_of

    sources = load_sources(settings.sources)
    return serve(
        load_keys(settings.keys),
        settings.kafka_config,
        Pseudonymiser(settings.need_secret()),
        Listening(host=settings.intake_host, port=settings.intake_port),
        hooks=make_hooks(
            [(each, secret_of(each, named_in_a_file)) for each in sources.subscriptions]
        ),
        sources=sources,
        eclipses=make_notifiers(sources.eclipse, named_in_a_file, wall_clock),
    )


def _poll_mesh(settings: Settings, sources: Sources) -> int:
    from kinbridge.intake.mesh.serving import connection_of, serve
    from kinbridge.intake.watching import Watching

    return serve(
        [(each, connection_of(each, named_in_a_file)) for each in sources.mesh],
        settings.kafka_config,
        Pseudonymiser(settings.need_secret()),
        Watching(host=settings.mesh_host, port=settings.mesh_port),
    )


def _listen_mllp(settings: Settings, sources: Sources) -> int:
    from kinbridge.intake.mllp.serving import serve, tls_of
    from kinbridge.intake.watching import Watching

    return serve(
        [(each, tls_of(each, named_in_a_file)) for each in sources.mllp],
        settings.kafka_config,
        Pseudonymiser(settings.need_secret()),
        Watching(host=settings.mllp_watch_host, port=settings.mllp_watch_port),
    )


def _look_after_subscriptions(settings: Settings, sources: Sources) -> int:
    from kinbridge.intake.subscriptions.serving import serve
    from kinbridge.intake.watching import Watching

    return serve(
        sources.subscriptions,
        named_in_a_file,
        settings.kafka_config,
        Pseudonymiser(settings.need_secret()),
        Watching(host=settings.subscriptions_host, port=settings.subscriptions_port),
    )


def _watch_folders(settings: Settings, sources: Sources) -> int:
    from kinbridge.intake.files.serving import serve
    from kinbridge.intake.watching import Watching

    return serve(
        sources,
        named_in_a_file,
        settings.kafka_config,
        Pseudonymiser(settings.need_secret()),
        Watching(host=settings.folders_host, port=settings.folders_port),
    )


def _read_databases(settings: Settings, sources: Sources) -> int:
    from kinbridge.intake.sql.serving import serve
    from kinbridge.intake.watching import Watching

    return serve(
        sources,
        named_in_a_file,
        settings.kafka_config,
        Pseudonymiser(settings.need_secret()),
        Watching(host=settings.sql_host, port=settings.sql_port),
    )


SOURCES: Final[Mapping[str, Callable[[Settings, Sources], int]]] = {
    "mllp": _listen_mllp,
    "mesh": _poll_mesh,
    "subscriptions": _look_after_subscriptions,
    "folders": _watch_folders,
    "sql": _read_databases,
}
"""What fetches or listens beside intake's HTTP, each a process of its own, by its name."""


def run_source(name: str, settings: Settings) -> int:
    """Run one kind of source until it is told to stop. Gives the exit code."""
    return SOURCES[name](settings, load_sources(settings.sources))


def sources_named(settings: Settings) -> tuple[str, ...]:
    """Give the kinds of source that the file names: each is a process of the line."""
    found = load_sources(settings.sources)
    _others(found)  # an adapter that cannot run is told before anything starts
    return tuple(name for name in SOURCES if getattr(found, name))


def _agent(name: str, policies: Policies, sources: Sources) -> Perform | None:
    match name:
        case "sending":
            return _courier(policies)
        case "retrieval":
            from kinbridge.retrieval.agent import asking

            return asking(sources, named_in_a_file)
        case _:
            return None


def _courier(policies: Policies) -> Perform:
    from kinbridge.sending.agent import Courier
    from kinbridge.sending.destination import Destination
    from kinbridge.sending.webhook import WebhookReceiver

    subscriptions = [each for policy in policies.values() for each in policy.subscriptions]
    kinds: dict[str, Callable[[SecretStr, SecretStr], Destination]] = {"webhook": WebhookReceiver}
    if any(each.kind == "fhir" for each in subscriptions):
        # The models of FHIR take a start and memory of their own: not where nobody asks.
        from kinbridge.sending.fhir import FhirServer

        kinds["fhir"] = FhirServer
    return Courier(
        {
            each.name: kinds[each.kind](
                named_in_a_file(each.url_setting), named_in_a_file(each.secret_setting)
            )
            for each in subscriptions
        }
    )
