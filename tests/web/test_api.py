"""The calls of docs/realtime.md, through real HTTP to the ports."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.web.conftest import House, house
from tests.web.fakes import FakeDemo, FakeHealth, card
from web.ports import HealthReport, NewCustomer, Refusal, Refused
from web.security.permissions import Role


async def test_health_is_open_and_honest(served: House) -> None:
    good = await served.ask("GET", "/health")
    assert (good.status, good.json) == (
        200,
        {"status": "ok", "switch": "live", "database": "ok", "version": "0.1.0"},
    )
    down = HealthReport(status="down", switch="down", database="ok", version="0.1.0")
    async with house(health=FakeHealth(down)) as one:
        assert (await one.ask("GET", "/health")).status == 503


async def test_my_state(served: House) -> None:
    await served.sign_in("anna")
    assert (await served.ask("PUT", "/me/state", {"state": "paused", "reason": "lunch"})).json == {}
    assert (await served.ask("PUT", "/me/state", {"state": "available"})).status == 200
    assert served.desk.did == [("state", "1001", "paused", "lunch"), ("state", "1001", "available", None)]
    for body in (
        {"state": "available", "reason": "lunch"},
        {"state": "paused", "reason": "nap"},
        {"state": "ringing"},
    ):
        assert (await served.ask("PUT", "/me/state", body)).status == 422
    served.desk.refusal = Refusal(why=Refused.NOT_NOW, detail="A call is ringing at your phone.")
    refused = await served.ask("PUT", "/me/state", {"state": "offline"})
    assert (refused.status, refused.json["detail"]) == (409, "A call is ringing at your phone.")


async def test_who_answers_no_calls_has_no_state(served: House) -> None:
    served.person("sue", Role.SUPERVISOR)
    await served.sign_in("sue")
    assert (await served.ask("PUT", "/me/state", {"state": "available"})).kind == "not-an-agent"


async def test_preferences(served: House) -> None:
    await served.sign_in("anna")
    changed = await served.ask("PUT", "/me/preferences", {"language": "zh-CN"})
    assert changed.json["user"]["language"] == "zh-CN"
    assert (await served.ask("GET", "/session")).json["user"]["language"] == "zh-CN"
    assert (await served.ask("PUT", "/me/preferences", {"language": "de"})).status == 422


async def test_customers(served: House) -> None:
    await served.sign_in("anna")
    body = {
        "name": " 李雷 ",
        "company": "Example Ltd",
        "language": "zh-CN",
        "numbers": ["+86 10 5550 0101"],
        "call_id": "pbx:1795291309.42",
    }
    made = await served.ask("POST", "/customers", body)
    assert made.status == 201
    assert served.directory.created == [
        NewCustomer(
            name="李雷",
            company="Example Ltd",
            language="zh-CN",
            numbers=("+86 10 5550 0101",),
            call_id="pbx:1795291309.42",
        )
    ]
    refused = await served.ask("POST", "/customers", {"name": "Ada", "numbers": ["call me"]})
    assert (refused.status, refused.json["errors"]) == (
        422,
        [{"field": "numbers.0", "message": "not a phone number"}],
    )
    assert (await served.ask("GET", "/customers?q=李&limit=5")).json["items"] == [made.json]
    for query in ("limit=0", "limit=1000", "limit=x", "limit=5&sort=name", "q=%00"):
        assert (await served.ask("GET", f"/customers?{query}")).status == 422


async def test_changes_are_read_in_pages_by_supervisors(served: House) -> None:
    served.directory.changed += [(1, number) for number in range(1, 6)] + [(2, 6)]
    served.person("sue", Role.SUPERVISOR)
    await served.sign_in("sue")
    seen, cursor = [], ""
    for _ in range(3):
        page = await served.ask("GET", f"/customers/1/changes?limit=2{cursor}")
        assert page.status == 200
        seen.append([one["id"] for one in page.json["items"]])
        cursor = f"&cursor={page.json['next']}"
    assert seen == [[5, 4], [3, 2], [1]]
    assert page.json["next"] is None
    for query in ("cursor=x", "cursor=", "cursor=LTE", "cursor=w6k", "limit=101"):
        refused = await served.ask("GET", f"/customers/1/changes?{query}")
        assert (refused.status, len(refused.json["errors"])) == (422, 1)
    assert (await served.ask("GET", "/customers/nobody/changes")).status == 404
    await served.sign_in("anna")
    assert (await served.ask("GET", "/customers/1/changes")).status == 403


async def test_notes(served: House) -> None:
    await served.sign_in("anna")
    served.directory.customers[1] = card(1, "Ada")
    note = await served.ask("POST", "/customers/1/notes", {"text": "two\nlines", "call_id": "pbx:1.1"})
    assert (note.status, note.json["by"]) == (201, "Anna")
    assert served.directory.notes == [(1, "two\nlines", "pbx:1.1", "Anna")]
    assert (await served.ask("POST", "/customers/2/notes", {"text": "x"})).status == 404
    assert (await served.ask("POST", "/customers/1/notes", {"text": " \n "})).status == 422


async def test_calls_are_ones_own_but_for_supervisors(served: House) -> None:
    served.calls.calls += [("1001", {"id": "pbx:1.1"}), ("1002", {"id": "pbx:1.2"})]
    served.person("sue", Role.SUPERVISOR)
    served.person("temp", Role.AGENT)
    await served.sign_in("anna")
    assert (await served.ask("GET", "/calls?limit=10")).json == {"items": [{"id": "pbx:1.1"}]}
    assert (await served.ask("GET", "/calls/pbx:1.1")).status == 200
    assert (await served.ask("GET", "/calls/pbx:1.2")).kind == "not-found"
    assert (await served.ask("GET", "/calls/pbx%3A1.1")).status == 200
    assert (await served.ask("GET", "/calls/..%2F..")).status == 404
    await served.sign_in("sue")
    assert len((await served.ask("GET", "/calls")).json["items"]) == 2
    assert (await served.ask("GET", "/calls/pbx:1.2")).status == 200
    await served.sign_in("temp")
    assert (await served.ask("GET", "/calls")).json == {"items": []}
    assert (await served.ask("GET", "/calls/pbx:1.1")).status == 404


async def test_a_call_on_the_desk(served: House) -> None:
    await served.sign_in("anna")
    assert (await served.ask("PUT", "/calls/pbx:1.1/customer", {"customer_id": 7})).json == {}
    for _ in range(2):
        assert (await served.ask("DELETE", "/calls/pbx:1.1/desk")).status == 204
    assert served.desk.did == [("customer", "pbx:1.1", 7, "anna")] + [("away", "pbx:1.1", "1001")] * 2
    assert (await served.ask("PUT", "/calls/pbx:1.1/customer", {"customer_id": "7"})).status == 422
    assert (await served.ask("PUT", "/calls/pbx:1.1/customer", {"customer_id": True})).status == 422


@pytest.mark.parametrize(
    ("why", "status"),
    [(Refused.NOT_FOUND, 404), (Refused.NOT_NOW, 409), (Refused.INVALID, 422), (Refused.UNAVAILABLE, 503)],
)
async def test_refusals_have_their_status(served: House, why: Refused, status: int) -> None:
    served.desk.refusal = Refusal(why=why, detail="Because.")
    await served.sign_in("anna")
    answer = await served.ask("DELETE", "/calls/pbx:1.1/desk")
    assert (answer.status, answer.kind, answer.json["detail"]) == (status, why.value, "Because.")
    assert ("Retry-After" in answer.headers) == (why is Refused.UNAVAILABLE)


async def test_the_demo_button() -> None:
    demo = FakeDemo()
    async with house(demo=demo) as one:
        one.person("anna", agent_id="1001")
        await one.sign_in("anna")
        assert (await one.ask("POST", "/demo/calls", {"kind": "ambiguous"})).status == 202
        assert (await one.ask("POST", "/demo/calls", {})).status == 202
        assert (await one.ask("POST", "/demo/calls", {"kind": "rude"})).status == 422
        assert demo.rung == ["ambiguous", None]
    async with house() as one:
        one.person("anna")
        await one.sign_in("anna")
        assert (await one.ask("POST", "/demo/calls", {})).status == 404


async def test_an_agent_of_another_desk_has_another_name(served: House) -> None:
    person = served.accounts.people[1]
    served.accounts.people[1] = replace(person, user=replace(person.user, name="<b>Anna</b>"))
    await served.sign_in("anna")
    assert (await served.ask("GET", "/session")).json["user"]["name"] == "<b>Anna</b>"
