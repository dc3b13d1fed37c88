"""The scenes that are recorded on a PBX whose dialplan is not ours: ten shapes of calls and their traps.

`expected` of each scene, in the words of the telephone:
  offers    {phone: how its ringing ended}, one of answered, elsewhere, cancelled, no_answer, busy,
            declined, forwarded
  answered  the phones that answered the caller, in order
  transfers [{kind, by, to}]        pickups [{by, instead_of}]
  queue     {name, left}            calls   how many calls there were in all
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.pbx.record import OWN, Scene

SCENES: dict[str, Callable[[Scene], Awaitable[None]]] = {}
CALLER, CALLER_NAME = "+14155550123", "Ada Example"
TALK = 1.4  # seconds of a conversation: long enough to be measured in 0.2 s windows


def scene(name: str) -> Callable[[Callable[[Scene], Awaitable[None]]], Callable[[Scene], Awaitable[None]]]:
    def keep(play: Callable[[Scene], Awaitable[None]]) -> Callable[[Scene], Awaitable[None]]:
        SCENES[name] = play
        return play

    return keep


async def incoming(s: Scene, did: str, *, name: str = CALLER_NAME) -> None:
    (trunk,) = await s.phones("trunk")
    s.mark(f"trunk calls {did}")
    await trunk.call(did, number=CALLER, name=name)


# --- plain calls ------------------------------------------------------------------------------------------


@scene("plain-did-answered-agent-ends")
async def plain(s: Scene) -> None:
    _, agent = await s.phones("trunk", "1001")
    s.begin()
    s.expected = {"offers": {"1001": "answered"}, "answered": ["1001"], "calls": 1}
    await incoming(s, "14155550101")
    await agent.ringing()
    await s.rest(0.6)
    await agent.answer()
    await s.rest(TALK)
    s.mark("1001 hangs up")
    await agent.hang_up()


@scene("plain-caller-gives-up")
async def gives_up(s: Scene) -> None:
    trunk, agent = await s.phones("trunk", "1001")
    s.begin()
    s.expected = {"offers": {"1001": "cancelled"}, "answered": [], "calls": 1}
    await incoming(s, "14155550101")
    await agent.ringing()
    await s.rest(1.0)
    s.mark("trunk hangs up")
    await trunk.hang_up()
    await agent.ended()


@scene("plain-agent-busy")
async def busy(s: Scene) -> None:
    trunk, agent = await s.phones("trunk", "1001")
    s.begin()
    s.expected = {"offers": {"1001": "busy"}, "answered": [], "calls": 1}
    await incoming(s, "14155550101")
    await agent.ringing()
    await s.rest(0.4)
    s.mark("1001 says 486")
    await agent.decline(486)
    await trunk.ended()


@scene("plain-two-contacts-one-answers")
async def two_contacts(s: Scene) -> None:
    trunk, desk, soft = await s.phones("trunk", "1001", "1001b")
    s.begin()
    s.expected = {"offers": {"1001": "answered"}, "answered": ["1001"], "calls": 1, "contacts": 2}
    await incoming(s, "14155550101")
    await desk.ringing()
    await soft.ringing()
    await s.rest(0.6)
    s.mark("second contact of 1001 answers")
    await soft.answer()
    await s.rest(TALK)
    s.mark("trunk hangs up")
    await trunk.hang_up()


@scene("plain-internal-call")
async def internal(s: Scene) -> None:
    one, two = await s.phones("1001", "1002")
    s.begin()
    s.expected = {"offers": {"1002": "answered"}, "answered": ["1002"], "calls": 1}
    s.mark("1001 calls 1002")
    await one.call("1002")
    await two.ringing()
    await two.answer()
    await s.rest(TALK)
    await one.hang_up()


@scene("plain-outbound-call")
async def outbound(s: Scene) -> None:
    one, outside = await s.phones("1001", "trunk")
    s.begin()
    s.expected = {"offers": {}, "answered": ["trunk"], "calls": 1}
    s.mark("1001 calls +14155550190")
    await one.call("+14155550190")
    await outside.ringing()
    await s.rest(0.6)
    await outside.answer()
    await s.rest(TALK)
    await outside.hang_up()


@scene("plain-hold-by-phone")
async def hold_by_phone(s: Scene) -> None:
    trunk, agent = await s.phones("trunk", "1001")
    s.begin()
    s.expected = {"offers": {"1001": "answered"}, "answered": ["1001"], "holds": 1, "calls": 1}
    await incoming(s, "14155550101")
    await agent.ringing()
    await agent.answer()
    await s.rest(TALK)
    s.mark("1001 holds")
    await agent.hold()
    await s.rest(1.2)
    s.mark("1001 unholds")
    await agent.unhold()
    await s.rest(TALK)
    await trunk.hang_up()


@scene("plain-voicemail-nobody-answers")
async def voicemail(s: Scene) -> None:
    (trunk,) = await s.phones("trunk")
    s.begin()
    s.expected = {"offers": {}, "answered": [], "calls": 1}
    await incoming(s, "14155550181")
    await trunk.talking()
    await s.rest(2.0)
    await trunk.hang_up()


# --- (1) DID with name prefix, early answer, queue --------------------------------------------------------


@scene("queue-answered-agent-ends")
async def queue_answered(s: Scene) -> None:
    _, agent = await s.phones("trunk", "1001")
    s.begin()
    s.expected = {
        "offers": {"1001": "answered"}, "answered": ["1001"], "calls": 1,
        "queue": {"name": "400", "left": "answered"},
    }  # fmt: skip
    await incoming(s, "14155550140")
    await agent.ringing()
    await s.rest(0.8)
    await agent.answer()
    await s.rest(TALK)
    s.mark("1001 hangs up")
    await agent.hang_up()


@scene("queue-caller-abandons")
async def queue_abandon(s: Scene) -> None:
    trunk, agent = await s.phones("trunk", "1001")
    s.begin()
    s.expected = {
        "offers": {"1001": "cancelled"}, "answered": [], "calls": 1,
        "queue": {"name": "400", "left": "hung_up"},
    }  # fmt: skip
    await incoming(s, "14155550140")
    await agent.ringing()
    await s.rest(0.8)
    s.mark("trunk hangs up")
    await trunk.hang_up()
    await agent.ended()


@scene("queue-timeout-goes-on-to-voicemail")
async def queue_timeout(s: Scene) -> None:
    trunk, agent = await s.phones("trunk", "1001")
    s.begin()
    s.expected = {
        "offers": {"1001": "no_answer"}, "answered": [], "calls": 1,
        "queue": {"name": "402", "left": "withdrawn"},
    }  # fmt: skip
    await incoming(s, "14155550142")
    await agent.ringing()
    await s.rest(7.0)
    s.mark("trunk hangs up in the mailbox")
    await trunk.hang_up()
    await trunk.ended()


@scene("queue-agent-declines-then-answers")
async def queue_declines(s: Scene) -> None:
    trunk, agent = await s.phones("trunk", "1001")
    s.begin()
    s.expected = {
        "offers": {"1001": "answered"}, "answered": ["1001"], "calls": 1,
        "queue": {"name": "400", "left": "answered"}, "rings": 2,
    }  # fmt: skip
    await incoming(s, "14155550140")
    await agent.ringing()
    await s.rest(0.5)
    s.mark("1001 says 486")
    await agent.decline(486)
    await agent.ended()
    await agent.ringing(within=15)
    await agent.answer()
    await s.rest(TALK)
    await trunk.hang_up()


# --- (2) ring-all queue of Local members, one with a hint, one without; two contacts ------


@scene("queue-ringall-second-answers")
async def ringall(s: Scene) -> None:
    trunk, anna, ben = await s.phones("trunk", "1001", "1002")
    s.begin()
    s.expected = {
        "offers": {"1001": "elsewhere", "1002": "answered"}, "answered": ["1002"], "calls": 1,
        "queue": {"name": "401", "left": "answered"},
    }  # fmt: skip
    await incoming(s, "14155550141")
    await anna.ringing()
    await ben.ringing()
    await s.rest(0.8)
    s.mark("1002 answers")
    await ben.answer()
    await s.rest(TALK)
    await trunk.hang_up()


@scene("queue-ringall-two-contacts")
async def ringall_contacts(s: Scene) -> None:
    trunk, desk, soft, ben = await s.phones("trunk", "1001", "1001b", "1002")
    s.begin()
    s.expected = {
        "offers": {"1001": "answered", "1002": "elsewhere"}, "answered": ["1001"], "calls": 1, "contacts": 2,
        "queue": {"name": "401", "left": "answered"},
    }  # fmt: skip
    await incoming(s, "14155550141")
    await desk.ringing()
    await soft.ringing()
    await ben.ringing()
    await s.rest(0.6)
    s.mark("second contact of 1001 answers")
    await soft.answer()
    await s.rest(TALK)
    await trunk.hang_up()


@scene("queue-ringall-agent-takes-second-call")
async def two_callers(s: Scene) -> None:
    trunk, anna, ben = await s.phones("trunk", "1001", "1002")
    s.begin()
    s.expected = {
        "offers": {"1001": "answered", "1002": "answered"},
        "answered": ["1001", "1002"],
        "calls": 2,
    }
    await incoming(s, "14155550141")
    await anna.ringing()
    await ben.ringing()
    await anna.answer()
    await anna.talking()
    (second,) = await s.phones("trunk2")
    s.mark("trunk2 calls 14155550141")
    await second.call("14155550141", number="+442079460123", name="Bo Example")
    await ben.ended()
    await ben.ringing(within=12)
    await ben.answer()
    await s.rest(TALK)
    await trunk.hang_up()
    await s.rest(0.6)
    await second.hang_up()


# --- (3) ring group of contacts, a device and an outside number -----------------------------------------


@scene("group-device-answers")
async def group(s: Scene) -> None:
    trunk, anna, ben, outside = await s.phones("trunk2", "1001", "1002", "trunk")
    s.begin()
    s.expected = {"offers": {"1001": "elsewhere", "1002": "answered"}, "answered": ["1002"], "calls": 1}
    s.mark("trunk2 calls 14155550160")
    await trunk.call("14155550160", number=CALLER, name=CALLER_NAME)
    await anna.ringing()
    await ben.ringing()
    await outside.ringing()
    await s.rest(0.6)
    await ben.answer()
    await s.rest(TALK)
    await trunk.hang_up()


@scene("group-outside-answers")
async def group_outside(s: Scene) -> None:
    trunk, anna, ben, outside = await s.phones("trunk2", "1001", "1002", "trunk")
    s.begin()
    s.expected = {"offers": {"1001": "elsewhere", "1002": "elsewhere"}, "answered": ["trunk"], "calls": 1}
    s.mark("trunk2 calls 14155550160")
    await trunk.call("14155550160", number=CALLER, name=CALLER_NAME)
    await anna.ringing()
    await ben.ringing()
    await outside.ringing()
    await s.rest(0.6)
    await outside.answer()
    await s.rest(TALK)
    await trunk.hang_up()


# --- (4) follow-me: two Locals without /n, which optimise themselves away ------


@scene("followme-second-answers")
async def followme(s: Scene) -> None:
    trunk, two, three = await s.phones("trunk", "1002", "1003")
    s.begin()
    s.expected = {"offers": {"1002": "elsewhere", "1003": "answered"}, "answered": ["1003"], "calls": 1}
    await incoming(s, "14155550170")
    await two.ringing()
    await three.ringing()
    await s.rest(0.6)
    await three.answer()
    await s.rest(2 * TALK)
    await trunk.hang_up()


# --- (5) forwards ----------------------------------------------------------------------------------------


@scene("forward-by-local")
async def forward_local(s: Scene) -> None:
    trunk, two = await s.phones("trunk", "1002")
    s.begin()
    s.expected = {"offers": {"1002": "answered"}, "answered": ["1002"], "calls": 1}
    await incoming(s, "14155550171")
    await two.ringing()
    await s.rest(0.5)
    await two.answer()
    await s.rest(TALK)
    await trunk.hang_up()


@scene("forward-by-302")
async def forward_302(s: Scene) -> None:
    trunk, two, three = await s.phones("trunk", "1002", "1003")
    s.begin()
    s.expected = {"offers": {"1002": "forwarded", "1003": "answered"}, "answered": ["1003"], "calls": 1}
    await incoming(s, "14155550172")
    await two.ringing()
    await s.rest(0.4)
    s.mark("1002 says 302 to 1003")
    await two.forward("1003")
    await three.ringing()
    await s.rest(0.4)
    await three.answer()
    await s.rest(2 * TALK)
    await trunk.hang_up()


# --- (6) pickup ------------------------------------------------------------------------------------------


async def _pickup(s: Scene, code: str) -> None:
    trunk, anna, ben = await s.phones("trunk", "1001", "1002")
    s.begin()
    s.expected = {
        "offers": {"1001": "elsewhere"}, "answered": ["1002"], "calls": 1,
        "pickups": [{"by": "1002", "instead_of": "1001"}],
    }  # fmt: skip
    await incoming(s, "14155550101")
    await anna.ringing()
    await s.rest(0.6)
    s.mark(f"1002 dials {code}")
    await ben.call(code)
    await ben.talking()
    await s.rest(TALK)
    await trunk.hang_up()


@scene("pickup-directed")
async def pickup_directed(s: Scene) -> None:
    await _pickup(s, "**1001")


@scene("pickup-group")
async def pickup_group(s: Scene) -> None:
    await _pickup(s, "*8")


@scene("pickup-in-queue")
async def pickup_queue(s: Scene) -> None:
    trunk, anna, ben = await s.phones("trunk", "1001", "1002")
    s.begin()
    s.expected = {
        "offers": {"1001": "elsewhere"}, "answered": ["1002"], "calls": 1,
        "pickups": [{"by": "1002", "instead_of": "1001"}], "queue": {"name": "400", "left": "answered"},
    }  # fmt: skip
    await incoming(s, "14155550140")
    await anna.ringing()
    await s.rest(0.6)
    s.mark("1002 dials **1001")
    await ben.call("**1001")
    await ben.talking()
    await s.rest(TALK)
    await trunk.hang_up()


# --- (7) answered but not yet confirmed -----------------------------------------------------------------


@scene("confirm-accepted")
async def confirm(s: Scene) -> None:
    trunk, agent = await s.phones("trunk", "1001")
    s.begin()
    s.expected = {"offers": {"1001": "answered"}, "answered": ["1001"], "calls": 1}
    await incoming(s, "14155550173")
    await agent.ringing()
    await agent.answer()
    await agent.talking()
    await s.rest(1.0)
    s.mark("1001 confirms with 1")
    await agent.dtmf("1")
    await s.rest(2 * TALK)
    await trunk.hang_up()


@scene("confirm-refused-next-answers")
async def confirm_refused(s: Scene) -> None:
    trunk, agent, ben = await s.phones("trunk", "1001", "1002")
    s.begin()
    s.expected = {"offers": {"1001": "declined", "1002": "answered"}, "answered": ["1002"], "calls": 1}
    await incoming(s, "14155550173")
    await agent.ringing()
    await agent.answer()
    await agent.talking()
    await s.rest(0.8)
    s.mark("1001 refuses with 2")
    await agent.dtmf("2")
    await ben.ringing(within=8)
    await ben.answer()
    await s.rest(2 * TALK)
    await trunk.hang_up()


# --- (8) park -------------------------------------------------------------------------------------------


async def _parked(s: Scene) -> None:
    _, anna, _ = await s.phones("trunk", "1001", "1002")
    s.begin()
    await incoming(s, "14155550101")
    await anna.ringing()
    await anna.answer()
    await s.rest(TALK)
    s.mark("1001 parks by REFER to 70")
    await anna.blind_transfer("70")
    await anna.ended()
    await s.rest(1.2)


@scene("park-retrieved-by-colleague")
async def park(s: Scene) -> None:
    await _parked(s)
    trunk, ben = await s.phones("trunk", "1002")
    s.expected = {"offers": {"1001": "answered"}, "answered": ["1001", "1002"], "calls": 1, "parks": 1}
    s.mark("1002 dials 71")
    await ben.call("71")
    await ben.talking()
    await s.rest(TALK)
    await trunk.hang_up()


@scene("park-times-out-back-to-parker")
async def park_timeout(s: Scene) -> None:
    await _parked(s)
    trunk, anna = await s.phones("trunk", "1001")
    s.expected = {
        "offers": {"1001": "answered"},
        "answered": ["1001", "1001"],
        "calls": 1,
        "parks": 1,
        "rings": 2,
    }
    await anna.ringing(within=10)
    s.mark("1001 rings again")
    await anna.answer()
    await s.rest(TALK)
    await trunk.hang_up()


# --- (9) transfers: feature codes, REFER, blonde; plain and behind a queue ------


async def _talking(s: Scene, did: str) -> None:
    _, anna, _ = await s.phones("trunk", "1001", "1002")
    s.begin()
    await incoming(s, did)
    await anna.ringing()
    await anna.answer()
    await anna.talking()
    await s.rest(TALK)


def _transfer(kind: str, *, queue: bool = False) -> dict[str, object]:
    expected: dict[str, object] = {
        "offers": {"1001": "answered", "1002": "answered"}, "answered": ["1001", "1002"], "calls": 1,
        "transfers": [{"kind": kind, "by": "1001", "to": "1002"}],
    }  # fmt: skip
    if queue:
        expected["queue"] = {"name": "400", "left": "answered"}
    return expected


async def _finish(s: Scene) -> None:
    trunk, ben = await s.phones("trunk", "1002")
    await s.rest(2 * TALK)
    s.mark("trunk hangs up")
    await trunk.hang_up()
    await ben.ended()


async def _blind_refer(s: Scene) -> None:
    anna, ben = await s.phones("1001", "1002")
    s.mark("1001 transfers by REFER to 1002")
    await anna.blind_transfer("1002")
    await ben.ringing()
    await s.rest(0.5)
    await ben.answer()


async def _blind_code(s: Scene) -> None:
    anna, ben = await s.phones("1001", "1002")
    s.mark("1001 dials ## 1002")
    await anna.dtmf("##")
    await s.rest(1.5)
    await anna.dtmf("1002")
    await ben.ringing(within=10)
    await s.rest(0.5)
    await ben.answer()


async def _attended_refer(s: Scene) -> None:
    anna, ben = await s.phones("1001", "1002")
    s.mark("1001 holds and calls 1002")
    await anna.consult("1002")
    await ben.ringing()
    await ben.answer()
    await anna.talking_on(2)
    await s.rest(TALK)
    s.mark("1001 completes by REFER with Replaces")
    await anna.complete_transfer()


async def _attended_code(s: Scene) -> None:
    anna, ben = await s.phones("1001", "1002")
    s.mark("1001 dials *2 1002")
    await anna.dtmf("*2")
    await s.rest(1.5)
    await anna.dtmf("1002")
    await ben.ringing(within=10)
    await ben.answer()
    await s.rest(TALK)
    s.mark("1001 hangs up: the transfer completes")
    await anna.hang_up()


async def _blonde(s: Scene) -> None:
    anna, ben = await s.phones("1001", "1002")
    s.mark("1001 holds and calls 1002")
    await anna.consult("1002")
    await ben.ringing()
    await s.rest(0.5)
    s.mark("1001 lets go while 1002 rings (*2, then hangs up)")
    await anna.complete_transfer()
    await s.rest(0.6)
    await ben.answer()


async def _blonde_code(s: Scene) -> None:
    anna, ben = await s.phones("1001", "1002")
    s.mark("1001 dials *2 1002")
    await anna.dtmf("*2")
    await s.rest(1.5)
    await anna.dtmf("1002")
    await ben.ringing(within=10)
    await s.rest(0.4)
    s.mark("1001 hangs up while 1002 rings")
    await anna.hang_up()
    await s.rest(0.6)
    await ben.answer()


_WAYS = {
    "blind-refer": (_blind_refer, "blind"),
    "blind-code": (_blind_code, "blind"),
    "attended-refer": (_attended_refer, "attended"),
    "attended-code": (_attended_code, "attended"),
    "blonde-refer": (_blonde, "attended"),
    "blonde-code": (_blonde_code, "attended"),
}


def _add_transfer(way: str, *, queue: bool) -> None:
    act, kind = _WAYS[way]

    async def play(s: Scene) -> None:
        await _talking(s, "14155550140" if queue else "14155550101")
        s.expected = _transfer(kind, queue=queue)
        await act(s)
        await _finish(s)

    SCENES[f"transfer-{way}{'-from-queue' if queue else ''}"] = play


for _way in _WAYS:
    for _queue in (False, True):
        _add_transfer(_way, queue=_queue)


@scene("transfer-blind-refer-target-busy")
async def blind_busy(s: Scene) -> None:
    await _talking(s, "14155550101")
    anna, ben, trunk = await s.phones("1001", "1002", "trunk")
    s.expected = {
        "offers": {"1001": "answered", "1002": "busy"}, "answered": ["1001"], "calls": 1,
        "transfers": [{"kind": "blind", "by": "1001", "to": "1002"}],
    }  # fmt: skip
    s.mark("1001 transfers by REFER to 1002")
    await anna.blind_transfer("1002")
    await ben.ringing()
    await ben.decline(486)
    await trunk.ended()


# --- (10) click to call --------------------------------------------------------------------------------


@scene("click-to-call")
async def click_to_call(s: Scene) -> None:
    anna, outside = await s.phones("1001", "trunk")
    s.begin()
    s.expected = {"offers": {"1001": "answered"}, "answered": ["1001", "trunk"], "calls": 1}
    await s.act(
        "Originate",
        Channel="Local/1001@originate-skipvm",
        Context="from-internal",
        Exten="+14155550190",
        Priority="1",
        CallerID='"Click" <+14155550190>',
        Async="true",
        ChannelId="click-1",
        OtherChannelId="click-1;2",
        Timeout="20000",
    )
    await anna.ringing()
    await s.rest(0.5)
    await anna.answer()
    await outside.ringing()
    await s.rest(0.5)
    await outside.answer()
    await s.rest(TALK)
    await s.act("MixMonitor", Channel=s.channel("PJSIP/1001-"), File="click-1.raw", options="D")
    await s.rest(TALK)
    s.mark("1001 hangs up")
    await anna.hang_up()
    await outside.ended()


@scene("ivr-then-queue")
async def ivr(s: Scene) -> None:
    trunk, anna = await s.phones("trunk", "1001")
    s.begin()
    s.expected = {
        "offers": {"1001": "answered"}, "answered": ["1001"], "calls": 1,
        "queue": {"name": "400", "left": "answered"},
    }  # fmt: skip
    await incoming(s, "14155550180")
    await trunk.talking()
    await s.rest(1.0)
    s.mark("trunk presses 1")
    await trunk.dtmf("1")
    await anna.ringing(within=10)
    await anna.answer()
    await s.rest(TALK)
    await anna.hang_up()


# --- more traps ----------------------------------------------------------------------------------------


@scene("queue-hold-by-phone")
async def queue_hold(s: Scene) -> None:
    await _talking(s, "14155550140")
    trunk, anna = await s.phones("trunk", "1001")
    s.expected = {
        "offers": {"1001": "answered"}, "answered": ["1001"], "calls": 1, "holds": 1,
        "queue": {"name": "400", "left": "answered"},
    }  # fmt: skip
    s.mark("1001 holds")
    await anna.hold()
    await s.rest(1.2)
    s.mark("1001 unholds")
    await anna.unhold()
    await s.rest(TALK)
    await trunk.hang_up()


@scene("transfer-blind-refer-to-queue")
async def blind_to_queue(s: Scene) -> None:
    await _talking(s, "14155550101")
    trunk, anna, ben = await s.phones("trunk", "1001", "1002")
    s.expected = {
        "offers": {"1001": "elsewhere", "1002": "answered"}, "answered": ["1001", "1002"], "calls": 1,
        "transfers": [{"kind": "blind", "by": "1001", "to": "401"}], "queue": {"name": "401", "left": "answered"},
    }  # fmt: skip
    s.mark("1001 transfers by REFER to 401, where it rings again itself")
    await anna.blind_transfer("401")
    await ben.ringing(within=8)
    await s.rest(0.5)
    await ben.answer()
    await s.rest(2 * TALK)
    await trunk.hang_up()


@scene("transfer-blind-refer-to-outside")
async def blind_outside(s: Scene) -> None:
    caller, anna, outside = await s.phones("trunk2", "1001", "trunk")
    s.begin()
    s.expected = {
        "offers": {"1001": "answered"}, "answered": ["1001", "trunk"], "calls": 1,
        "transfers": [{"kind": "blind", "by": "1001", "to": "+14155550190"}],
    }  # fmt: skip
    s.mark("trunk2 calls 14155550101")
    await caller.call("14155550101", number=CALLER, name=CALLER_NAME)
    await anna.ringing()
    await anna.answer()
    await s.rest(TALK)
    s.mark("1001 transfers by REFER to +14155550190")
    await anna.blind_transfer("+14155550190")
    await outside.ringing()
    await s.rest(0.5)
    await outside.answer()
    await s.rest(2 * TALK)
    await caller.hang_up()


# --- our own dialplan, moved as the server moves calls ------------------------------------------------------

OWN_DID = "14155550100"


def own(name: str) -> Callable[[Callable[[Scene], Awaitable[None]]], Callable[[Scene], Awaitable[None]]]:
    """A scene on our own dialplan; its scripts answer as the server does: everybody waits."""
    return scene(f"{OWN}{name}")


async def _own_call(s: Scene, *, agent: str = "1001") -> str:
    """A caller waits and is sent to ring the agent; the caller's channel."""
    (trunk,) = await s.phones("trunk")
    await s.phones("1001", "1002")
    s.begin()
    s.mark(f"trunk calls {OWN_DID}")
    await trunk.call(OWN_DID, number=CALLER, name=CALLER_NAME)
    await trunk.talking()
    await s.rest(0.8)
    channel = s.channel("PJSIP/trunk-")
    await s.send(channel, "callcenter-connect", agent)
    return channel


async def _own_talk(s: Scene) -> tuple[str, str]:
    channel = await _own_call(s)
    trunk, anna = await s.phones("trunk", "1001")
    await anna.ringing()
    await s.rest(0.5)
    await anna.answer()
    await trunk.talking()
    await s.rest(TALK)
    return channel, s.channel("PJSIP/1001-")


@own("answered-agent-ends")
async def own_answered(s: Scene) -> None:
    await _own_talk(s)
    s.expected = {"offers": {"1001": "answered"}, "answered": ["1001"], "calls": 1}
    trunk, anna = await s.phones("trunk", "1001")
    s.mark("1001 hangs up")
    await anna.hang_up()
    await trunk.ended()


@own("answered-caller-ends")
async def own_caller_ends(s: Scene) -> None:
    await _own_talk(s)
    s.expected = {"offers": {"1001": "answered"}, "answered": ["1001"], "calls": 1}
    trunk, anna = await s.phones("trunk", "1001")
    s.mark("trunk hangs up")
    await trunk.hang_up()
    await anna.ended()


@own("declined-then-next-answers")
async def own_declined(s: Scene) -> None:
    channel = await _own_call(s)
    trunk, anna, ben = await s.phones("trunk", "1001", "1002")
    s.expected = {"offers": {"1001": "busy", "1002": "answered"}, "answered": ["1002"], "calls": 1}
    await anna.ringing()
    await s.rest(0.5)
    s.mark("1001 says 486")
    await anna.decline(486)
    await anna.ended()
    await s.rest(0.6)
    await s.send(channel, "callcenter-connect", "1002")
    await ben.ringing()
    await s.rest(0.5)
    await ben.answer()
    await s.rest(TALK)
    await trunk.hang_up()
    await ben.ended()


@own("offer-withdrawn")
async def own_withdrawn(s: Scene) -> None:
    channel = await _own_call(s)
    trunk, anna = await s.phones("trunk", "1001")
    s.expected = {"offers": {"1001": "cancelled"}, "answered": [], "calls": 1}
    await anna.ringing()
    await s.rest(0.6)
    await s.send(channel, "callcenter-hold", "s")
    await anna.ended()
    await s.rest(1.0)
    await trunk.hang_up()


@own("caller-gives-up-while-ringing")
async def own_gives_up(s: Scene) -> None:
    await _own_call(s)
    trunk, anna = await s.phones("trunk", "1001")
    s.expected = {"offers": {"1001": "cancelled"}, "answered": [], "calls": 1}
    await anna.ringing()
    await s.rest(0.6)
    await trunk.hang_up()
    await anna.ended()


@own("unregistered-agent")
async def own_unregistered(s: Scene) -> None:
    await _own_call(s, agent="1004")
    (trunk,) = await s.phones("trunk")
    s.expected = {"offers": {}, "answered": [], "calls": 1}
    await s.rest(1.5)
    await trunk.hang_up()


@own("hold-and-back")
async def own_hold(s: Scene) -> None:
    channel, agent = await _own_talk(s)
    trunk, anna = await s.phones("trunk", "1001")
    s.expected = {"offers": {"1001": "answered"}, "answered": ["1001"], "calls": 1, "holds": 1}
    await s.send(channel, "callcenter-hold", "s")
    await s.rest(1.5)
    await s.act("Setvar", Channel=channel, Variable="CC_PEER", Value=agent)
    await s.send(channel, "callcenter-bridge", "caller")
    await s.rest(TALK)
    await anna.hang_up()
    await trunk.ended()


@own("consult-and-complete")
async def own_consult(s: Scene) -> None:
    channel, agent = await _own_talk(s)
    trunk, anna, ben = await s.phones("trunk", "1001", "1002")
    s.expected = {
        "offers": {"1001": "answered", "1002": "answered"},
        "answered": ["1001", "1002"],
        "calls": 1,
    }
    await s.send(channel, "callcenter-hold", "s", extra=(agent, "callcenter-consult", "1002"))
    await ben.ringing()
    await s.rest(0.4)
    await ben.answer()
    await s.rest(TALK)
    await s.act("Setvar", Channel=channel, Variable="CC_PEER", Value=s.channel("PJSIP/1002-"))
    await s.send(channel, "callcenter-bridge", "caller")
    await s.rest(0.4)
    s.mark("1001 hangs up")
    await anna.hang_up()
    await s.rest(TALK)
    await trunk.hang_up()
    await ben.ended()


@own("server-gone-fallback-queue")
async def own_fallback(s: Scene) -> None:
    trunk, anna, ben = await s.phones("trunk", "1001", "1002")
    s.begin()
    s.expected = {
        "offers": {"1001": "answered", "1002": "elsewhere"}, "answered": ["1001"], "calls": 1,
        "queue": {"name": "callcenter", "left": "answered"},
    }  # fmt: skip
    s.mark("trunk calls, the server is not there")
    await s.silence_scripts()
    await trunk.call(OWN_DID, number=CALLER, name=CALLER_NAME)
    await anna.ringing()
    await ben.ringing()
    await s.rest(0.5)
    await anna.answer()
    await s.rest(TALK)
    await trunk.hang_up()
    await anna.ended()
