"""Which phones callers may be sent to, and that nobody else's is offered a call."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.agents.ids import AgentId
from callcenter.bootstrap.build import profiles
from callcenter.bootstrap.commands import dialplan_settings
from callcenter.bootstrap.phones import CannotRing, can_ring, endpoint_for
from callcenter.settings import Settings, check
from callcenter.storage.people import AgentRecord
from callcenter.telephony.events import Endpoint


def settings(**sections: dict[str, Any]) -> Settings:
    return check(sections, source="test")


def agent(extension: str, endpoint: str = "") -> AgentRecord:
    phone = Endpoint(endpoint or f"PJSIP/{extension}")
    return AgentRecord(id=AgentId(extension), user_id=None, name="Ann", extension=extension, endpoint=phone)


def test_a_phone_is_named_as_the_dialplan_dials_it() -> None:
    assert endpoint_for(settings(), "1001") == "PJSIP/1001"
    assert endpoint_for(settings(dialplan={"technology": "SIP"}), "1001") == "SIP/1001"
    assert endpoint_for(settings(dialplan={"agent_pattern": "_2XXX"}), "2001") == "PJSIP/2001"


@pytest.mark.parametrize(
    ("extension", "endpoint", "says"),
    [
        ("2001", None, "dialplan.agent_pattern is _1XXX"),
        ("1001", "SIP/1001", "the dialplan rings PJSIP/1001"),
        ("1001", "PJSIP/1002", "the dialplan rings PJSIP/1001"),
    ],
)
def test_a_phone_that_the_dialplan_cannot_ring_is_refused(
    extension: str, endpoint: str | None, says: str
) -> None:
    with pytest.raises(CannotRing, match=says):
        endpoint_for(settings(), extension, endpoint)
    assert not can_ring(settings(), extension, endpoint)


def test_who_only_watches_may_watch_any_phone() -> None:
    watching = settings(asterisk={"control": False})
    assert endpoint_for(watching, "2001", "SIP/reception") == "SIP/reception"


def test_an_agent_whom_the_dialplan_cannot_ring_is_in_no_queue(caplog: pytest.LogCaptureFixture) -> None:
    inside, outside, other = profiles(settings(), [agent("1001"), agent("2001"), agent("1002", "SIP/1002")])
    assert inside.serves("service")
    assert not outside.serves("service")
    assert not other.serves("service")
    assert [record.args for record in caplog.records] == [("2001", "PJSIP/2001"), ("1002", "SIP/1002")]


def test_the_pbxs_files_follow_the_settings_and_the_agents() -> None:
    plan = dialplan_settings(
        settings(
            asterisk={"secret": "a-long-secret", "doctor_secret": "another-one"},
            dialplan={
                "agent_pattern": "_2XXX",
                "technology": "SIP",
                "permit": "10.0.0.0/24",
                "music": "calm",
                "mailbox": "1000@default",
            },
        ),
        ["2002", "2001", "1001"],
    )
    assert (plan.agent_pattern, plan.technology, plan.manager_permit) == ("_2XXX", "SIP", "10.0.0.0/24")
    assert (plan.music, plan.fallback_mailbox) == ("calm", "1000@default")
    assert plan.fallback_members == ("2001", "2002")
    assert plan.doctor_secret == "another-one"
