"""What the documents say is so: commands exist, links lead somewhere, settings and topics are all listed."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import typer
import yaml

from ingest.cli import app
from ingest.core.settings import PROJECT_ROOT, Settings
from ingest.core.topics import TOPICS

DOCUMENTS = sorted(
    [*PROJECT_ROOT.glob("*.md"), *PROJECT_ROOT.glob("docs/*.md"), *PROJECT_ROOT.glob("*/README.md")]
)
README = (PROJECT_ROOT / "README.md").read_text()
MADE = {"dbt_project/target/plan.json"}
"""Not there before the first build."""
STAGING = PROJECT_ROOT / "dbt_project" / "models" / "staging"


def commands() -> set[str]:
    """`up`, `broker start`, …"""
    group = typer.main.get_command(app)
    found = set()
    for name, command in getattr(group, "commands", {}).items():
        found.add(name)
        found |= {f"{name} {inner}" for inner in getattr(command, "commands", {})}
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT_ROOT)))
def test_commands_that_documents_name_exist(document: Path) -> None:
    named = re.findall(r"\btickhouse ([a-z]+(?: [a-z]+)?)", code_of(document.read_text()))
    known = commands()
    unknown = [words for words in named if words not in known and words.split()[0] not in known]
    assert not unknown


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT_ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!http|#)([^)#]+)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_readme_lists_every_command() -> None:
    table = README[README.index("## Commands") : README.index("## Data and terms")]
    assert {name for name in commands() if " " not in name} == set(re.findall(r"`tickhouse ([a-z]+)", table))


def test_readme_says_what_it_is_shows_it_and_gives_two_commands_in_thirty_lines() -> None:
    top = "\n".join(README.splitlines()[:30])
    assert "exactly once" in top
    assert "─▶" in top
    assert re.search(r"!\[.+\]\(docs/images/.+\.png\)", top)
    assert "make dev" in top
    assert "make test" in top


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT_ROOT)))
def test_paths_that_documents_name_exist(document: Path) -> None:
    named = re.findall(
        r"`((?:ingest|orchestration|dbt_project|data/samples|tests|docs)/[\w/.-]*)`", document.read_text()
    )
    assert [path for path in named if path not in MADE and not (PROJECT_ROOT / path).exists()] == []


def test_makefile_has_the_targets_that_documents_name() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT_ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        name
        for document in DOCUMENTS
        for name in re.findall(r"\bmake ([a-z-]+)", code_of(document.read_text()))
    }
    assert named - targets == set()


def test_env_example_lists_every_setting_with_its_default() -> None:
    text = (PROJECT_ROOT / ".env.example").read_text()
    listed = dict(re.findall(r"^# ([A-Z][A-Z_]+)=(.*)$", text, re.MULTILINE))
    del listed["DAGSTER_HOME"]  # Dagster's own
    assert {name.lower() for name in listed} == set(Settings.model_fields)
    for name, value in listed.items():
        default = Settings.model_fields[name.lower()].default
        shown = "" if default is None else str(default).removeprefix(f"{PROJECT_ROOT}/")
        assert value == shown, name


def test_dbt_sources_are_the_topic_table() -> None:
    sources = [
        source
        for file in STAGING.glob("*/_*__sources.yml")
        for source in yaml.safe_load(file.read_text())["sources"]
    ]
    assert {source["name"] for source in sources} == {"raw"}
    tables = {
        table["name"]: {**source["config"], **table["config"]}
        for source in sources
        for table in source["tables"]
    }
    assert set(tables) == {topic.raw_table for topic in TOPICS}
    for topic in TOPICS:
        after = tables[topic.raw_table]["freshness"]["warn_after"]
        assert timedelta(**{f"{after['period']}s": after["count"]}) == topic.fresh_within, topic.name
        assert tables[topic.raw_table]["meta"] == {"topic": topic.name}


def code_of(markdown: str) -> str:
    return "\n".join(pieces_of_code(markdown))


def pieces_of_code(markdown: str) -> Iterator[str]:
    yield from re.findall(r"```.*?```", markdown, re.DOTALL)
    yield from re.findall(r"`[^`\n]+`", markdown)
