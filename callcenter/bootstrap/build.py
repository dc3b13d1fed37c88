"""Builds a server from its settings: the one place where every room is known."""

from __future__ import annotations

import fnmatch
import logging
import re
import secrets
import ssl
from collections.abc import Callable, Iterable

from callcenter.agents.floor import AgentProfile, Floor
from callcenter.asterisk.agi import AgiServer
from callcenter.asterisk.ami.config import AmiConfig
from callcenter.asterisk.gateway import AsteriskGateway
from callcenter.asterisk.link import EVENT_CLASSES, ROUTING, WANTED, WATCHING, AsteriskLink
from callcenter.asterisk.scripts import CallScripts
from callcenter.asterisk.tracker import ChannelTracker
from callcenter.bootstrap.desks import Desks
from callcenter.bootstrap.past import StoredCallers, StoredJournal, decoded
from callcenter.bootstrap.phones import can_ring
from callcenter.bootstrap.reception import Orders, Reception
from callcenter.bootstrap.roster import Roster, observers
from callcenter.bootstrap.server import Server
from callcenter.bootstrap.web_ports import ServerHealth, StoredAccounts, StoredDirectory, StoredHistory
from callcenter.bootstrap.wishes import WishKeeper
from callcenter.calls.service import CallService
from callcenter.kit.clock import Clock, SystemClock
from callcenter.routing.dispatcher import Dispatcher
from callcenter.settings import Settings
from callcenter.storage.database import Database
from callcenter.storage.history import CallHistory
from callcenter.storage.journal import open_journal
from callcenter.storage.people import AgentRecord, People
from callcenter.storage.restart import last_heard, open_journal_lines
from callcenter.storage.wishes import Wishes
from callcenter.telephony.events import Endpoint
from crm_core.audit import AuditTrail
from crm_core.directory import CustomerDirectory
from ivr.flow import greeting_then_queue
from web.app import WebServer, build_app
from web.deps import WebDeps
from web.ports import Demo, PauseReason, QueueName
from web.realtime.hub import DeskHub
from web.security.origin import Surroundings
from web.security.setup import new_setup_key

log = logging.getLogger(__name__)


async def build(settings: Settings, *, demo: Demo | None = None, clock: Clock | None = None) -> Server:
    """A server ready to `start`. Migrates the database and reads the past. Raises DatabaseError."""
    clock = clock or SystemClock()
    database = Database(settings.server.database.get_secret_value())
    try:
        await database.migrate()
        return await _assemble(settings, database, demo, clock)
    except BaseException:
        await database.close()
        raise


async def _assemble(settings: Settings, database: Database, demo: Demo | None, clock: Clock) -> Server:
    region = settings.server.region
    people = People(database, now=clock.now)
    directory = CustomerDirectory(database.sessions, region=region, now=clock.now)
    history = CallHistory(database, region=region)
    journal = open_journal(database)
    version = await people.version()
    floor = Floor(profiles(settings, await people.agents()))
    hub = DeskHub(stream=secrets.token_hex(8))
    desks = Desks(hub=hub, floor=floor, queues=settings.queues)
    desks.open_all(observers(await people.people()))
    calls = CallService(
        journal=journal,
        hub=hub,
        people=floor,
        callers=StoredCallers(directory, history),
        reader=StoredJournal(database),
        read_number=directory.number,
        clock=clock,
    )
    wishes = WishKeeper(Wishes(database), clock)
    reception = _reception(settings, calls, desks, directory, wishes, clock)
    tracker = ChannelTracker(switch=settings.asterisk.name, is_device=device_test(settings, floor))
    link = AsteriskLink(
        switch=settings.asterisk.name,
        config=ami_config(settings),
        tracker=tracker,
        listener=reception,
        clock=clock,
        unseen_since=await last_heard(database),
    )
    gateway = AsteriskGateway(
        manager=link.connection, channel_of=tracker.channel_of, extension_of=_extensions(settings, floor)
    )
    orders = Orders(gateway)
    dispatcher = Dispatcher(
        floor=floor,
        calls=calls,
        clock=clock,
        ring_seconds=settings.routing.ring_seconds,
        send=orders.send,
        on_presence=desks.presence,
        on_queues=desks.queues_changed,
        on_wish=wishes.keep,
    )
    orders.report = dispatcher.sent
    reception.attach(dispatcher=dispatcher, down_for=lambda: link.down_for)
    calls.listen(dispatcher.changed)
    await _recall(calls, floor, desks, database, clock)
    setup_key = new_setup_key()
    accounts = StoredAccounts(people)
    deps = _web_deps(
        settings,
        accounts=accounts,
        directory=StoredDirectory(directory, history, AuditTrail(database.sessions), reception),
        calls=StoredHistory(history),
        desk=reception,
        health=ServerHealth(
            database=database,
            switch=lambda: desks.switch_state,
            journal_failing=lambda: journal.stats().failing,
        ),
        hub=hub,
        setup_key=setup_key,
        demo=demo,
        clock=clock,
    )
    web = WebServer(build_app(deps), host=settings.server.host, port=settings.server.port)
    roster = Roster(
        people=people,
        version=version,
        profiles=lambda agents: profiles(settings, agents),
        floor=floor,
        dispatcher=dispatcher,
        desks=desks,
        check_sessions=web.check_sessions,
    )
    accounts.changed = roster.look_now
    return Server(
        settings=settings,
        database=database,
        people=people,
        directory=directory,
        history=history,
        journal=journal,
        hub=hub,
        floor=floor,
        calls=calls,
        dispatcher=dispatcher,
        orders=orders,
        link=link,
        wishes=wishes,
        scripts=AgiServer(
            settings.fastagi.host,
            settings.fastagi.port,
            CallScripts(desk=reception, leg_of=link.leg_of),
            peers=settings.fastagi.peers,
        ),
        roster=roster,
        web=web,
        setup_key=setup_key,
    )


def _web_deps(
    settings: Settings,
    *,
    accounts: StoredAccounts,
    directory: StoredDirectory,
    calls: StoredHistory,
    desk: Reception,
    health: ServerHealth,
    hub: DeskHub,
    setup_key: str,
    demo: Demo | None,
    clock: Clock,
) -> WebDeps:
    server = settings.server
    return WebDeps(
        accounts=accounts,
        directory=directory,
        calls=calls,
        desk=desk,
        health=health,
        hub=hub,
        setup_key=setup_key,
        demo=demo,
        pause_reasons=[
            PauseReason(id=reason.id, names={"en": reason.en, "zh": reason.zh})
            for reason in settings.pause_reasons
        ],
        queues=[QueueName(id=queue.id, name=queue.name) for queue in settings.queues],
        surroundings=Surroundings.for_server(
            host=server.host,
            public_url=server.public_url,
            trusted_proxies=frozenset(server.trusted_proxies),
        ),
        clock=clock,
    )


def _reception(
    settings: Settings,
    calls: CallService,
    desks: Desks,
    directory: CustomerDirectory,
    wishes: WishKeeper,
    clock: Clock,
) -> Reception:
    greeting = settings.flow.greeting
    return Reception(
        switch=settings.asterisk.name,
        calls=calls,
        desks=desks,
        directory=directory,
        flows={
            number.dialled: greeting_then_queue(greeting=greeting, queue=number.queue)
            for number in settings.numbers
        },
        default_flow=greeting_then_queue(greeting=greeting, queue=settings.flow.queue),
        pause_reasons=[reason.id for reason in settings.pause_reasons],
        wishes=wishes,
        routes=settings.asterisk.control,
        clock=clock,
    )


async def _recall(calls: CallService, floor: Floor, desks: Desks, database: Database, clock: Clock) -> None:
    """Go on where the last run stopped: live calls, desks, what each agent wanted."""
    now = clock.now()
    calls.restore(decoded(await open_journal_lines(database, now=now)))
    for kept in await Wishes(database).all():
        if floor.get(kept.agent) is not None:
            change = floor.want(kept.agent, kept.wish, reason=kept.reason, at=now)
            if change is not None:
                desks.presence(change)


def profiles(settings: Settings, agents: Iterable[AgentRecord]) -> list[AgentProfile]:
    """Each stored agent with the queues that the settings give them; none for one whom the dialplan cannot ring,
    whose other calls pop as anybody's."""
    return [
        AgentProfile(
            id=agent.id,
            name=agent.name,
            extension=agent.extension,
            endpoint=agent.endpoint,
            queues=_queues(settings, agent),
        )
        for agent in agents
    ]


def _queues(settings: Settings, agent: AgentRecord) -> frozenset[str]:
    if agent.extension is not None and not can_ring(settings, agent.extension, agent.endpoint):
        log.warning(
            "the agent at extension %s gets no calls from queues: the dialplan does not ring %s; "
            "see [dialplan] in the settings",
            agent.extension,
            agent.endpoint,
        )
        return frozenset()
    return frozenset(
        queue.id for queue in settings.queues if not queue.agents or agent.extension in queue.agents
    )


def device_test(settings: Settings, floor: Floor) -> Callable[[Endpoint], bool]:
    """Whether a channel is somebody's phone: an agent's, or one that the settings' patterns name."""
    patterns = [re.compile(fnmatch.translate(pattern)) for pattern in settings.asterisk.devices]

    def is_device(endpoint: Endpoint) -> bool:
        return floor.at(endpoint) is not None or any(pattern.match(endpoint) for pattern in patterns)

    return is_device


def ami_config(settings: Settings) -> AmiConfig:
    """Where and as whom to sign in to the PBX."""
    asterisk = settings.asterisk
    tls = None
    if asterisk.tls:
        tls = ssl.create_default_context(cafile=asterisk.tls_ca or None)
    return AmiConfig(
        host=asterisk.host,
        port=asterisk.port,
        username=asterisk.username,
        secret=asterisk.secret.get_secret_value(),
        tls=tls,
        plain_login=asterisk.plain_login,
        events=EVENT_CLASSES,
        wanted=WANTED,
        needed_actions=WATCHING | ROUTING if asterisk.control else WATCHING,
    )


def _extensions(settings: Settings, floor: Floor) -> Callable[[Endpoint], str | None]:
    """Where to send a caller for a phone; None where the dialplan has no such extension, which would lose them."""

    def extension_of(endpoint: Endpoint) -> str | None:
        agent = floor.at(endpoint)
        if agent is None or not can_ring(settings, agent.extension, agent.endpoint):
            return None
        return agent.extension

    return extension_of
