"""The command line: one command for each process of the line, and for looking after it.

The settings are read here, once. What a command needs is imported when it runs, so that each
process carries only its own part of the line.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from pydantic import ValidationError

from kinbridge.partnership.loader import PolicyError, load_all
from kinbridge.settings import SecretMissingError, Settings
from kinbridge.sources.loader import SourcesError
from kinbridge.topics.acls import acls as wanted_acls
from kinbridge.topics.graph import graph as picture
from kinbridge.topics.plan import Outcome, Plan, PlanRefusedError, make_plan, verify_plan
from kinbridge.topics.wanted import wanted
from kinbridge_schemas.topics import TopicsError, load_topics

if TYPE_CHECKING:
    from kinbridge.runtime.admin import ClusterAdmin

_ELSEWHERE: Final = {
    "adapter": "kinbridge.adapters.commands:adapter",
    "demo": "kinbridge.demo.commands:demo",
    "meetings": "kinbridge.measures.commands:meetings",
    "story": "kinbridge.demo.commands:story",
    "try": "kinbridge.trying:try_files",
}
"""Commands that live in a folder of their own, imported when they are called."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_ELSEWHERE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if (place := _ELSEWHERE.get(cmd_name)) is None:
            return super().get_command(ctx, cmd_name)
        module, _, name = place.partition(":")
        found = getattr(import_module(module), name)
        return found if isinstance(found, click.Command) else None


@click.group(cls=_Commands)
@click.version_option(package_name="kinbridge")
def main() -> None:
    """Facts between the NHS and children's social care, as information-sharing alerts."""


@contextmanager
def _plainly() -> Iterator[None]:
    """Say what is wrong in a sentence, and exit with 1, where that is nobody's bug."""
    from kinbridge.runtime.admin import ClusterError
    from kinbridge.runtime.embedded import EmbeddedBrokerError

    try:
        yield
    except (
        ClusterError,
        EmbeddedBrokerError,
        TopicsError,
        PlanRefusedError,
        PolicyError,
        SecretMissingError,
        SourcesError,
    ) as problem:
        raise click.ClickException(str(problem)) from None
    except ValidationError as problem:
        places = [
            f"{'.'.join(map(str, error['loc']))}: {error['msg']}"
            for error in problem.errors(include_input=False, include_url=False)
        ]
        raise click.ClickException("; ".join(places)) from None
    except FileNotFoundError as problem:
        raise click.ClickException(f"There is no {problem.filename}.") from None


def _start(settings: Settings, *, attached: bool) -> None:
    from kinbridge.runtime.supervisor import end_with_parent
    from kinbridge.runtime.telemetry import start_telemetry

    start_telemetry(settings.log_format, settings.log_level)
    if attached:
        end_with_parent()


def _authorities(settings: Settings, given: tuple[str, ...] = ()) -> tuple[str, ...]:
    return given or tuple(sorted(load_all(settings.partnerships)))


_attached = click.option(
    "--attached", is_flag=True, hidden=True, help="End when standard input ends."
)


@main.command()
@click.argument("stage")
@_attached
def worker(stage: str, *, attached: bool) -> None:
    """Run one worker of STAGE until it is told to stop."""
    with _plainly():
        settings = Settings()
        _start(settings, attached=attached)
        sys.exit(import_module("kinbridge.pipeline").run_worker(stage, settings))


@main.command()
@_attached
def intake(*, attached: bool) -> None:
    """Receive over HTTP, and answer once Kafka has acknowledged."""
    with _plainly():
        settings = Settings()
        _start(settings, attached=attached)
        sys.exit(import_module("kinbridge.pipeline").run_intake(settings))


@main.command()
@click.argument("kind")
@_attached
def source(kind: str, *, attached: bool) -> None:
    """Fetch or listen to the sources of one KIND that the file of sources names."""
    with _plainly():
        settings = Settings()
        pipeline = import_module("kinbridge.pipeline")
        if kind not in pipeline.SOURCES:
            kinds = ", ".join(sorted(pipeline.SOURCES)) or "none"
            raise click.BadParameter(f"There is no such kind. Known: {kinds}.")
        _start(settings, attached=attached)
        sys.exit(pipeline.run_source(kind, settings))


@main.command()
@_attached
def ticker(*, attached: bool) -> None:
    """Write the time to the topics at the head of the line."""
    from kinbridge.runtime.embedded import line_topics
    from kinbridge.runtime.ticker import Beat, Ticker, head_topics

    with _plainly():
        settings = Settings()
        _start(settings, attached=attached)
        topics = line_topics(settings)
        beat = Beat(head_topics(topics), topics.line_partitions, settings.clock_behind)
        Ticker(settings.kafka_config, beat).run(settings.clock_interval, _until_told())


@main.command()
@click.option("--address-file", type=click.Path(path_type=Path), help="Leave the address here.")
@_attached
def broker(address_file: Path | None, *, attached: bool) -> None:
    """Hold an embedded broker with every topic, in memory, until told to stop."""
    from kinbridge.runtime.embedded import (
        BANNER,
        start_embedded_broker,
        write_address,
    )

    with _plainly():
        settings = Settings()
        _start(settings, attached=attached)
        running = start_embedded_broker(_full_names(settings), production=settings.production)
        if address_file is not None:
            write_address(address_file, running.bootstrap)
        click.echo(f"{BANNER}\nIts address: {running.bootstrap}")
        _until_told().wait()


@main.command()
@click.option("--embedded", is_flag=True, help="With a broker of its own, in memory.")
@_attached
def up(*, embedded: bool, attached: bool) -> None:
    """Run the whole line on this machine: stages, intake and ticker. Ctrl-C stops it."""
    from kinbridge.runtime.embedded import BANNER
    from kinbridge.runtime.local import embed, programs
    from kinbridge.runtime.supervisor import Supervisor, end_with_parent

    with _plainly():
        if attached:
            end_with_parent()
        settings = Settings()
        environment: dict[str, str] = {}
        if embedded:
            # Held for as long as the supervisor runs: the broker is in this process.
            held, environment = embed(settings, _full_names(settings))
            click.echo(f"{BANNER}\nIts address: {held.bootstrap}")
        else:
            settings.need_secret()
        pipeline = import_module("kinbridge.pipeline")
        sources = pipeline.sources_named(settings)
        supervisor = Supervisor(programs(pipeline.STAGES, sources, environment))
        supervisor.stop_on_signals()
        sys.exit(supervisor.run())


def _full_names(settings: Settings) -> list[str]:
    values = {"authority": _authorities(settings)}
    return [name for name, _ in load_topics(settings.topics).expanded(values)]


def _until_told() -> threading.Event:
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: told.set())
    return told


@main.group()
def topics() -> None:
    """The topics of a cluster, from topics.yaml. Exit: 0 the same, 2 differs, 1 error."""


_authority = click.option(
    "--authority", "given", multiple=True, help="In place of those with a partnership file."
)
_repartition = click.option(
    "--allow-repartition",
    "repartition",
    is_flag=True,
    help="More partitions, for topics on which nothing waits. Keys move away from their state.",
)


def _plan(
    settings: Settings, given: tuple[str, ...], *, repartition: bool
) -> tuple[ClusterAdmin, Plan]:
    from kinbridge.runtime.admin import ClusterAdmin

    asked = wanted(
        load_topics(settings.topics),
        _authorities(settings, given),
        replication=settings.replication,
    )
    admin = ClusterAdmin(settings.kafka_config)
    cluster = admin.cluster(backlogs_of=[topic.name for topic in asked] if repartition else ())
    plan = make_plan(asked, cluster, expected_cluster=settings.cluster, repartition=repartition)
    return admin, plan


@topics.command("plan")
@click.option("--out", type=click.Path(path_type=Path), help="Save the plan for `apply --plan`.")
@_authority
@_repartition
def plan_topics(out: Path | None, given: tuple[str, ...], *, repartition: bool) -> None:
    """Show what would be done, and what is refused and why."""
    with _plainly():
        _, plan = _plan(Settings(), given, repartition=repartition)
        if out is not None:
            out.write_text(plan.model_dump_json(indent=2) + "\n", encoding="utf-8")
        click.echo("\n".join(plan.lines()))
        sys.exit(plan.outcome)


@topics.command("apply")
@click.option("--plan", "saved", type=click.Path(path_type=Path), help="Only this saved plan.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_authority
@_repartition
def apply_topics(
    saved: Path | None, given: tuple[str, ...], *, yes: bool, repartition: bool
) -> None:
    """Create what is missing and set right what differs. Never deletes, never shrinks."""
    with _plainly():
        admin, plan = _plan(Settings(), given, repartition=repartition)
        if saved is not None:
            text = saved.read_text(encoding="utf-8")
            verify_plan(Plan.model_validate_json(text), plan)
        click.echo("\n".join(plan.lines()))
        if plan.changes and not (yes or saved):
            click.confirm("Do this?", abort=True)
        admin.apply(plan)
        sys.exit(Outcome.DIFFERS if plan.refusals else Outcome.SAME)


@topics.command("check")
@_authority
def check_topics(given: tuple[str, ...]) -> None:
    """Say whether the cluster is as topics.yaml says."""
    with _plainly():
        _, plan = _plan(Settings(), given, repartition=False)
        click.echo("\n".join(plan.lines()))
        sys.exit(plan.outcome)


@topics.command("acls")
@click.option("--apply", "give", is_flag=True, help="Give those that are missing. None is taken.")
@_authority
def acl_topics(given: tuple[str, ...], *, give: bool) -> None:
    """Show who may read and write which topic."""
    from kinbridge.runtime.admin import ClusterAdmin

    with _plainly():
        settings = Settings()
        asked = wanted_acls(load_topics(settings.topics), _authorities(settings, given))
        click.echo("\n".join(str(acl) for acl in asked))
        if give:
            admin = ClusterAdmin(settings.kafka_config)
            missing = set(asked) - admin.acls()
            admin.allow(sorted(missing, key=str))
            click.echo(f"{len(missing)} given, {len(asked) - len(missing)} were there")


@topics.command("graph")
def graph_topics() -> None:
    """Print the picture of the line as a Mermaid flowchart."""
    with _plainly():
        click.echo(picture(load_topics(Settings().topics)), nl=False)


if __name__ == "__main__":
    main()
