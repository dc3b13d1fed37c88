"""Channels that are no party: spying supervisors; and whom the switch dialled, until we know what for."""

from __future__ import annotations

from callcenter.asterisk.tracker.graph import Call, Channel, Graph
from callcenter.asterisk.tracker.legs import add_service, become_service
from callcenter.asterisk.tracker.offers import behind, channel_is_up, party, reveal
from callcenter.asterisk.tracker.source import AmiEvent
from callcenter.telephony.events import Signalled

OUR_PREFIX = "CC"
"""UserEvents of our own dialplan are called `CC…`."""

SPYING = frozenset({"ChanSpy", "ExtenSpy"})


def on_spy_start(graph: Graph, message: AmiEvent, at: float) -> None:
    spyer = graph.find_or_add(message.get("SpyerUniqueid"), message.get("SpyerChannel"))
    spyee = graph.channels.get(message.get("SpyeeUniqueid"))
    if spyer is not None:
        spied = party(graph, spyee, at)
        start_spying(graph, spyer, spied.call if spied is not None else None, at)


def start_spying(graph: Graph, spyer: Channel, spied: Call | None, at: float) -> None:
    """The channel, or the phone behind that Local half, listens to `spied`: it is a service in that call."""
    for channel in [spyer] if spyer.real else behind(spyer):
        channel.spying = True
        if channel.leg is not None:
            become_service(graph, channel.leg, spied, at)
        elif spied is not None and not channel.zombie:
            add_service(graph, channel, spied, at)


def on_originated(graph: Graph, message: AmiEvent, at: float) -> None:
    """An Originate was answered: unless it is to spy, whoever answered is a party now."""
    if message.get("Response") != "Success" or message.get("Application") in SPYING:
        return
    channel = graph.channels.get(message.get("Uniqueid"))
    if channel is None:
        return
    for real in [channel] if channel.real else behind(channel):
        if not real.spying:
            channel_is_up(graph, real, at)
            reveal(graph, real, at)


def on_user_event(graph: Graph, message: AmiEvent, at: float) -> None:
    name = message.get("UserEvent")
    if not name.startswith(OUR_PREFIX):
        return
    channel = graph.channels.get(message.get("Uniqueid"))
    if channel is None:
        return
    leg = reveal(graph, channel, at) if channel.real and not channel.spying else party(graph, channel, at)
    if leg is None:
        return
    word, detail = name.removeprefix(OUR_PREFIX), _detail(message)
    if leg.last_word != (at, word, detail):
        leg.last_word = (at, word, detail)
        graph.out.append(Signalled(at=at, call=leg.call.id, leg=leg.id, word=word, detail=detail))


def _detail(message: AmiEvent) -> str:
    """What the dialplan wrote after the name, as `Key=value` joined by commas; a lone `Detail:` as it is."""
    headers = message.headers()
    names = [name.lower() for name, _ in headers]
    own = headers[names.index("userevent") + 1 :] if "userevent" in names else []
    if len(own) == 1 and own[0][0].lower() == "detail":
        return own[0][1]
    return ",".join(f"{name}={value}" for name, value in own)
