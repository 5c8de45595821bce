"""The guard's rules, one request at a time."""

from base64 import b64encode

import pytest
from pydantic import SecretStr

from ingest.core.settings import Settings
from orchestration.webserver.rules import Asked, Rules, host_name

OWN = {"host": "127.0.0.1:3000"}
PASSWORD, TOKEN = "right ✓", "token"
PAGE = {**OWN, "origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-origin"}


def refused(method: str, address: str, headers: dict[str, str], rules: Rules | None = None) -> int | None:
    path, _, query = address.partition("?")
    refusal = (rules or Rules()).refusal(Asked(method, path, query, headers))
    return refusal and refusal.status


def basic(password: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"anybody:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("method", "address", "headers"),
    [
        ("GET", "/assets?query=trades", OWN),
        ("GET", "/graphql", OWN),
        ("POST", "/graphql", PAGE),
        ("POST", "/graphql", OWN),
        ("WEBSOCKET", "/graphql", {**OWN, "origin": "http://127.0.0.1:3000"}),
        ("GET", "/", {"host": "LOCALHOST:3000"}),
        ("GET", "/", {"host": "[::1]:3000"}),
        ("GET", "/server_info", {"host": "10.1.2.3:3000"}),
    ],
)
def test_the_ui_and_programs_pass(method: str, address: str, headers: dict[str, str]) -> None:
    assert refused(method, address, headers) is None


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/graphql", "/graphql/", "/prefix/graphql"])
def test_no_question_comes_by_get(method: str, path: str) -> None:
    assert refused(method, f"{path}?x=1&query=mutation", PAGE) == 405


@pytest.mark.parametrize("method", ["POST", "WEBSOCKET", "DELETE"])
@pytest.mark.parametrize(
    "says",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8000"},  # another program of this machine: the same site by name
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://127.0.0.1:3000", "sec-fetch-site": "cross-site"},
    ],
)
def test_no_other_page_writes(method: str, says: dict[str, str]) -> None:
    assert refused(method, "/graphql", {**OWN, **says}) == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:3000", "127.0.0.1.evil.example", "", "[", "a@b@"]
)
def test_it_answers_to_its_own_names_only(host: str) -> None:
    assert refused("GET", "/", {"host": host}) == 403


def test_more_names_are_a_setting() -> None:
    rules = Rules(hosts=frozenset({"tickhouse.example"}))
    assert refused("GET", "/", {"host": "Tickhouse.Example."}, rules) is None
    page = {
        "host": "tickhouse.example",
        "origin": "https://tickhouse.example",
    }  # behind a proxy that takes TLS off
    assert refused("POST", "/graphql", page, rules) is None


def test_the_password_is_wanted_of_everybody() -> None:
    rules = Rules(password=PASSWORD)
    for method, address in (("GET", "/"), ("POST", "/graphql"), ("WEBSOCKET", "/graphql")):
        assert refused(method, address, OWN, rules) == 401
        assert refused(method, address, {**OWN, **basic("wrong")}, rules) == 401
        assert refused(method, address, {**OWN, "authorization": "Basic ?"}, rules) == 401
        assert refused(method, address, {**OWN, **basic(PASSWORD)}, rules) is None
    assert refused("GET", "/server_info", OWN, rules) is None


def test_reports_want_a_token_of_their_own() -> None:
    rules = Rules(password=PASSWORD, report_token=TOKEN)
    address = "/report_asset_materialization/marts/fct_trades"
    assert refused("POST", address, OWN) == 403
    assert refused("POST", address, OWN, rules) == 401
    assert refused("POST", address, {**OWN, **basic(PASSWORD)}, rules) == 401
    assert refused("POST", address, {**OWN, "authorization": f"Bearer {TOKEN}"}, rules) is None


def test_a_host_without_its_port() -> None:
    assert [host_name(host) for host in ("A:1", "[::1]:2", "", "a:b:c")] == ["a", "::1", "", "a"]


def test_it_answers_by_the_address_that_it_listens_on() -> None:
    rules = Rules.of(Settings(ui_host="10.1.2.3", ui_password=SecretStr(PASSWORD)))
    assert refused("GET", "/", {"host": "10.1.2.3:3000", **basic(PASSWORD)}, rules) is None
    assert refused("GET", "/", {"host": "10.1.2.4:3000", **basic(PASSWORD)}, rules) == 403
