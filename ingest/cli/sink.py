"""`tickhouse sink`: the stores that hold what the marts hold."""

from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.options import Form, Yes
from ingest.cli.output import Format, note, say, show
from ingest.cli.spellings import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingest.sinks.protocol import Sink
    from ingest.sinks.targets import Target
    from ingest.warehouse.followed import Marts
    from ingest.warehouse.models import Model

sink = typer.Typer(
    help="Stores that hold exactly what the marts hold, at a state that each knows. SINKS names them.",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(help="Which sink: `postgres`, `redis`.", metavar="SINK")]


@sink.command("list", cls=Command)
def list_targets(form: Form = Format.TABLE) -> None:
    """Which marts go to which sink, under which names.

    tickhouse sink list
    """
    rows = [
        (one.name, target.name, target.mart, target.follows, ", ".join(target.key), _days(target))
        for one in _sinks()
        for target in one.targets
    ]
    show(("sink", "name", "mart", "follows", "key", "keeps"), rows, form)


@sink.command(cls=Command)
def status(form: Form = Format.TABLE) -> None:
    """How far each store is behind its marts.

    tickhouse sink status
    """
    from ingest.core.errors import TickhouseError
    from ingest.sinks.changes import ChangeFeed

    rows = []
    for one in _sinks():
        try:
            states = {target.name: one.state(target) for target in one.targets}
        except TickhouseError as error:
            note(f"{one.name}: {error}")
            continue
        marts, models = _marts()
        with marts.reading() as connection:
            feed = ChangeFeed(connection, models)
            for target in one.targets:
                state, place = states[target.name], feed.place(target)
                through = state.through.batch if state and state.through else None
                behind = place.batch - through if place and through is not None else None
                how = "nothing yet" if state is None else "filling" if state.is_filling else "whole"
                shown = through if target.follows != "whole" else None
                rows.append((one.name, target.name, how, shown, behind, state and state.generation))
    show(("sink", "name", "state", "through", "batches behind", "generation"), rows, form)


@sink.command(cls=Command)
def audit(
    name: Annotated[str | None, typer.Argument(metavar="[SINK]", help="Only this one.")] = None,
    form: Form = Format.TABLE,
) -> None:
    """Bring each store up to date and compare all it holds with the marts: count and digest.

    The exit code is 1 if something differs.

        tickhouse sink audit postgres
    """
    from ingest.sinks.audit import audit as compare

    marts, models = _marts()
    findings = [finding for one in _sinks(name) for finding in compare(marts, models, one)]
    rows = [
        (one.sink, one.target.name, one.mart[0], one.store[0], "equal" if one.is_equal else "DIFFERENT")
        for one in findings
    ]
    show(("sink", "name", "rows of the mart", "rows of the store", "result"), rows, form)
    if not all(finding.is_equal for finding in findings):
        note("`tickhouse sink rebuild SINK` writes a store anew.")
        raise typer.Exit(1)


@sink.command(cls=Command)
def clear(name: Name, yes: Yes = False) -> None:
    """Delete all that Tickhouse wrote to a store. A run that loops fills it again.

    tickhouse sink clear redis --yes
    """
    [one] = _sinks(name)
    if not yes:
        typer.confirm(f"Delete all that Tickhouse wrote to {name}?", abort=True)
    one.clear()
    say(f"{name} is empty.")


@sink.command(cls=Command)
def rebuild(name: Name) -> None:
    """Write all of a store anew, beside what it holds until each part is whole.

    tickhouse sink rebuild postgres
    """
    from ingest.sinks.audit import bring_on

    marts, models = _marts()
    [one] = _sinks(name)
    for target in one.targets:
        rows = bring_on(marts, models, one, target, anew=True)
        say(f"{target.name}: {rows} rows")


def _sinks(name: str | None = None) -> "list[Sink]":
    from ingest.core.errors import SettingsInvalid
    from ingest.core.settings import load_settings
    from ingest.sinks.open import find, open_sinks

    sinks = open_sinks(load_settings())
    if not sinks:
        raise SettingsInvalid("No sink is configured: set SINKS, e.g. SINKS=postgres,redis.")
    return sinks if name is None else [find(sinks, name)]


def _marts() -> "tuple[Marts, Mapping[str, Model]]":
    from ingest.core.settings import load_settings
    from ingest.warehouse.followed import open_marts
    from ingest.warehouse.models import read_models

    return open_marts(load_settings(), wait_seconds=60), {model.name: model for model in read_models()}


def _days(target: "Target") -> str:
    return "for ever" if target.keeps is None else f"{target.keeps.days} days"
