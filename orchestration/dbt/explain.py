"""`tickhouse build --explain MODEL`: what the micro-batch run sends to build a model, in order."""

import sys

from ingest.core.errors import TickhouseError
from ingest.core.settings import load_settings
from orchestration.dbt.plan import Plan, PlannedModel, Rewrite, View
from orchestration.dbt.plans import Plans


def explain(plan: Plan, name: str) -> str:
    model = next((model for model in plan.models.values() if model.name == name), None)
    if model is None:
        raise SystemExit(f"There is no model {name}. `dbt ls --resource-type model` lists them.")
    said = [f"-- {model.relation}, as dbt {plan.dbt_version} rendered it; plan {plan.fingerprint}"]
    for why, statement in _steps(model):
        said += [f"-- {why}", *([f"{statement.strip()};"] if statement else [])]
    return "\n\n".join(said)


def _steps(model: PlannedModel) -> list[tuple[str, str]]:
    match model.statements:
        case Rewrite() as rewrite:
            return [
                ("the keys whose rows may be other than they were", rewrite.keep_affected),
                ("what stands there; no keys: it ends here", rewrite.save_before),
                ("delete it, if there is any", rewrite.delete),
                ("write the rows of these keys as they are now", rewrite.insert),
                ("note what was not written again, for the children", rewrite.note_vanished),
            ]
        case View() as view:
            return [("made once by each run; then it only settles", view.create)]
        case None:
            return [(f"dbt builds it, in a process of its own: {model.why_not}", "")]


if __name__ == "__main__":
    try:
        sys.stdout.write(explain(Plans(load_settings()).wait(), sys.argv[1]) + "\n")
    except TickhouseError as error:
        raise SystemExit(str(error)) from error
