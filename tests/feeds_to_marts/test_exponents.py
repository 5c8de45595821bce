"""A number is the same number in exponent form: in every feed that has decimals, to the last digit."""

from pathlib import Path

from tests.dbt.trial import Project, open_trial
from tests.snowflake.everything import Records, everything
from tests.support.exponents import in_exponent_form

WITHOUT_DECIMALS = {"feeds.events"}
AS_SENT = (
    *("landed_at", "bids", "asks", "dropped_bids", "dropped_asks", "changes"),
    *("row_before", "row_after"),
)


def test_a_decimal_in_exponent_form_is_the_same_number(project: Project, tmp_path: Path) -> None:
    plain = everything(1)
    spelt = {topic: [in_exponent_form(record) for record in records] for topic, records in plain.items()}
    unchanged = {topic for topic, records in plain.items() if records == spelt[topic]}
    assert unchanged == WITHOUT_DECIMALS
    as_sent, as_spelt = (staged(project, tmp_path / str(n), all_) for n, all_ in enumerate((plain, spelt)))
    assert {model for model, rows in as_sent.items() if rows != as_spelt[model]} == set()
    assert all(as_sent.values())


def staged(project: Project, home: Path, records: Records) -> dict[str, list[tuple]]:
    """Every row of what reads numbers, but for the clock of its landing, and texts that are kept as sent."""
    models = [
        name for name in project.models if name.startswith("stg_") and name != "stg_feeds__drifted_fields"
    ]
    models.append("fct_cdc_prices_history")
    with open_trial(project, home) as trial:
        for topic, found in records.items():
            trial.land(topic, found)
        trial.must_run("--select", *models, "+fct_cdc_prices_history")
        kept = f"columns(lambda name: name not in {AS_SENT})"
        return {
            name: trial.rows(f"select {kept} from {project.relation(name)} order by all") for name in models
        }
