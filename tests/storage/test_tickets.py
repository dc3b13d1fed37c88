"""The ticket desk on both databases: life, service levels, complaints, lists, audit, and who comes second."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite

from callcenter.storage.database import Database
from crm_core.audit import AuditTrail
from crm_core.changing import Action, Actor, Entity, StaleEdit
from crm_core.demo import load_demo
from crm_core.directory import CustomerDirectory
from crm_core.records import TicketPriority, TicketStatus
from crm_core.tables import AuditRow, CustomerRow, TicketRow
from crm_core.tickets import finding
from crm_core.tickets.access import TicketNotFound, TicketsUnavailable
from crm_core.tickets.complaints import ComplaintStep, StepState
from crm_core.tickets.desk import TicketDesk
from crm_core.tickets.finding import TicketFilter
from crm_core.tickets.hours import BusinessHours, round_the_clock
from crm_core.tickets.policy import STANDARD, EscalationLevel, Mark, Policies
from crm_core.tickets.records import CommentKind, LinkKind, NewTicket, TicketDetail, TicketEdit
from crm_core.tickets.rules import REOPEN_SECONDS, InvalidTicket, TicketCategory
from crm_core.tickets.tables import TicketHistoryRow
from crm_core.writing import writing

AT = 1_800_000_000.0
HOUR = 3600.0
ANNA = Actor(id="user:1", name="Anna Bauer")
BOB = Actor(id="user:2", name="Bob Example")


class Clock:
    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> float:
        return self.at

    def after(self, seconds: float) -> None:
        self.at = AT + seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(database: Database, clock: Clock) -> TicketDesk:
    return TicketDesk(
        database.sessions, hours=round_the_clock(), policies=Policies(policies=(STANDARD,)), now=clock
    )


@pytest.fixture
async def customer(database: Database) -> int:
    async with writing(database.sessions) as session:
        row = CustomerRow(number="C-1", kind="person", name="Ann", language="en", since=AT, changed_at=AT)
        session.add(row)
        await session.flush()
        return row.id


async def whole(desk: TicketDesk, ticket_id: int) -> TicketDetail:
    found = await desk.get(ticket_id)
    assert found is not None
    return found


async def test_a_ticket_from_call_to_closing(
    database: Database, desk: TicketDesk, clock: Clock, customer: int
) -> None:
    new = NewTicket(
        customer_id=customer, subject=" Kettle leaks ", call_id="pbx:1", owner=ANNA, team="repairs"
    )
    ticket = await desk.open(new, by=ANNA)
    assert (ticket.number, ticket.subject, ticket.version) == (f"T-{100_000 + ticket.id}", "Kettle leaks", 1)
    assert (ticket.due_at, ticket.first_response_at) == (AT + 24 * HOUR, AT)
    clock.after(HOUR)
    waiting = await desk.move(ticket.id, TicketStatus.PENDING, by=ANNA, version=1)
    assert (waiting.status, waiting.due_at, waiting.version) == (TicketStatus.PENDING, None, 2)
    clock.after(11 * HOUR)
    going_on = await desk.move(ticket.id, TicketStatus.OPEN, by=ANNA, version=2)
    assert going_on.due_at == AT + 34 * HOUR
    edit = TicketEdit(priority=TicketPriority.HIGH, description="from underneath")
    assert (await desk.edit(ticket.id, edit, by=BOB, version=3)).due_at == AT + 18 * HOUR
    await desk.comment(ticket.id, "A new seal is on its way", kind=CommentKind.TO_CUSTOMER, by=BOB)
    clock.after(12 * HOUR)
    await desk.move(ticket.id, TicketStatus.SOLVED, by=BOB)
    closed = await desk.close(ticket.id, root_cause="a loose seal", satisfaction=5, by=BOB, version=6)
    assert (closed.status, closed.version, closed.next_escalation_at) == (TicketStatus.CLOSED, 7, None)
    found = await whole(desk, ticket.id)
    assert (found.satisfaction, found.root_cause, found.paused_seconds) == (5, "a loose seal", 10 * HOUR)
    assert (found.solved_at, found.closed_at) == (AT + 12 * HOUR, AT + 12 * HOUR)
    assert [one.value for one in found.history] == ["open", "pending", "open", "solved", "closed"]
    assert [(one.kind, one.target) for one in found.links] == [(LinkKind.CALL, "pbx:1")]
    assert [(one.text, one.by) for one in found.comments] == [("A new seal is on its way", "Bob Example")]
    assert found.to_json()["number"] == ticket.number
    trail = await AuditTrail(database.sessions).of_entity(Entity.TICKET, ticket.id)
    assert [one.action for one in trail] == [Action.CHANGED] * 6 + [Action.CREATED]
    assert (trail[0].actor, trail[0].before["status"], trail[0].after["satisfaction"]) == (BOB, "solved", 5)
    assert trail[2].after["comment"]["text"] == "A new seal is on its way"
    assert {one.customer_id for one in trail} == {customer}


async def test_the_pop_shows_it_as_ever(database: Database, desk: TicketDesk, customer: int) -> None:
    ticket = await desk.open(NewTicket(customer_id=customer, subject="Kettle"), by=ANNA)
    directory = CustomerDirectory(database.sessions, region="US", now=lambda: AT)
    record = await directory.record(customer)
    await directory.close()
    assert record is not None
    (shown,) = record.tickets
    assert shown.to_json().items() <= ticket.to_json().items()


async def test_an_edit_of_an_older_version_is_refused(
    database: Database, desk: TicketDesk, customer: int
) -> None:
    ticket = await desk.open(NewTicket(customer_id=customer, subject="Kettle"), by=ANNA)
    await desk.edit(ticket.id, TicketEdit(subject="Kettle leaks"), by=ANNA, version=1)
    with pytest.raises(StaleEdit) as stale:
        await desk.edit(ticket.id, TicketEdit(subject="Kettle broken"), by=BOB, version=1)
    assert (stale.value.entity, stale.value.version) == (Entity.TICKET, 2)
    same = await desk.edit(ticket.id, TicketEdit(subject="Kettle leaks"), by=BOB, version=2)
    assert (same.subject, same.version) == ("Kettle leaks", 2)  # nothing changed, nothing noted
    async with database.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(AuditRow)) == 2


async def test_of_two_edits_at_once_one_wins(desk: TicketDesk, customer: int) -> None:
    ticket = await desk.open(NewTicket(customer_id=customer, subject="Kettle"), by=ANNA)
    edits = [desk.edit(ticket.id, TicketEdit(subject=f"Kettle {n}"), by=ANNA, version=1) for n in range(4)]
    results = await asyncio.gather(*edits, return_exceptions=True)
    assert sum(isinstance(one, StaleEdit) for one in results) == 3
    assert (await whole(desk, ticket.id)).card.version == 2


async def test_numbers_are_each_given_once(database: Database, desk: TicketDesk, customer: int) -> None:
    first = await desk.open(NewTicket(customer_id=customer, subject="one"), by=ANNA)
    async with writing(database.sessions) as session:
        imported = {"customer_id": customer, "subject": "x", "status": "open", "priority": "low"}
        names = [f"T-{100_000 + first.id + n}" for n in (1, 2)]
        far = 900_000  # ids that the series of new ones does not come to here
        values = [imported | {"id": far + n, "number": name} for n, name in enumerate(names)]
        if database.is_sqlite:  # where the next id follows the highest
            values = [
                one | {"id": first.id + 1 + n, "number": f"T-{100_003 + first.id + n}"}
                for n, one in enumerate(values)
            ]
        await session.execute(insert(TicketRow), [one | {"created_at": AT} for one in values])
    opened = await asyncio.gather(
        *(desk.open(NewTicket(customer_id=customer, subject=str(n)), by=ANNA) for n in range(8))
    )
    numbers = [one.number for one in opened]
    assert len(set(numbers)) == 8
    assert sum(number.endswith("-2") for number in numbers) == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"subject": " "}, "subject"),
        ({"subject": "x" * 201}, "subject"),
        ({"description": "x" * 20_001}, "description"),
        ({"customer_id": 987_654}, "customer_id"),
        ({"customer_id": 10**30}, "customer_id"),
        ({"policy": "none"}, "policy"),
        ({"call_id": ""}, "call_id"),
        ({"team": "x" * 81}, "team"),
    ],
)
async def test_wrong_input_names_its_field_and_stores_nothing(
    database: Database, desk: TicketDesk, customer: int, wrong: dict[str, object], field: str
) -> None:
    values: dict[str, object] = {"customer_id": customer, "subject": "Kettle"} | wrong
    with pytest.raises(InvalidTicket) as refused:
        await desk.open(NewTicket(**values), by=ANNA)  # type: ignore[arg-type]
    assert refused.value.field == field
    async with database.sessions() as session:
        for table in (TicketRow, AuditRow, TicketHistoryRow):
            assert await session.scalar(select(func.count()).select_from(table)) == 0


async def test_refused_commands_leave_the_ticket_as_it_was(
    desk: TicketDesk, clock: Clock, customer: int
) -> None:
    ticket = await desk.open(NewTicket(customer_id=customer, subject="Kettle"), by=ANNA)
    before = await whole(desk, ticket.id)
    for field, command in (
        ("root_cause", desk.close(ticket.id, satisfaction=3, by=ANNA)),
        ("satisfaction", desk.close(ticket.id, root_cause="x", by=ANNA)),
        ("satisfaction", desk.close(ticket.id, root_cause="x", satisfaction=6, by=ANNA)),
        ("owner", desk.assign(ticket.id, owner=None, team=None, by=ANNA)),
        ("step", desk.complete_step(ticket.id, ComplaintStep.ACKNOWLEDGE, by=ANNA)),
        ("target", desk.link(ticket.id, LinkKind.TICKET, str(ticket.id), by=ANNA)),
        ("target", desk.link(ticket.id, LinkKind.ORDER, "77", by=ANNA)),
        ("target", desk.link(ticket.id, LinkKind.ORDER, "９", by=ANNA)),
        ("text", desk.comment(ticket.id, " \x00", kind=CommentKind.INTERNAL, by=ANNA)),
        ("status", desk.move(ticket.id, TicketStatus.OPEN, by=ANNA)),
    ):
        with pytest.raises(InvalidTicket) as refused:
            await command
        assert refused.value.field == field
    assert await whole(desk, ticket.id) == before
    for unknown in (987_654, 0, 10**30):
        assert await desk.get(unknown) is None
        with pytest.raises(TicketNotFound):
            await desk.move(unknown, TicketStatus.SOLVED, by=ANNA)


async def test_a_closed_ticket_is_opened_again_within_its_time(
    desk: TicketDesk, clock: Clock, customer: int
) -> None:
    ticket = await desk.open(NewTicket(customer_id=customer, subject="Kettle"), by=ANNA)
    await desk.close(ticket.id, root_cause="a seal", waived="hung up", by=ANNA)
    with pytest.raises(InvalidTicket, match="closed ticket"):
        await desk.edit(ticket.id, TicketEdit(subject="x"), by=ANNA)
    with pytest.raises(InvalidTicket, match="reason"):
        await desk.move(ticket.id, TicketStatus.OPEN, by=ANNA)
    clock.after(REOPEN_SECONDS)
    again = await desk.move(ticket.id, TicketStatus.OPEN, reason="leaks again", by=ANNA)
    assert (again.status, again.due_at) == (TicketStatus.OPEN, clock.at + 24 * HOUR)
    found = await whole(desk, ticket.id)
    assert (found.closed_at, found.satisfaction_waived, found.history[-1].reason) == (
        None,
        None,
        "leaks again",
    )
    with pytest.raises(InvalidTicket, match="score"):
        await desk.close(ticket.id, by=ANNA)
    await desk.close(ticket.id, satisfaction=2, by=ANNA)
    clock.after(2 * REOPEN_SECONDS + 1)
    with pytest.raises(InvalidTicket, match="14 days"):
        await desk.move(ticket.id, TicketStatus.OPEN, reason="and again", by=ANNA)


async def test_a_complaint_is_closed_when_its_steps_are_settled(desk: TicketDesk, customer: int) -> None:
    ticket = await desk.open(NewTicket(customer_id=customer, subject="Kettle", owner=BOB), by=ANNA)
    await desk.edit(ticket.id, TicketEdit(category=TicketCategory.COMPLAINT), by=ANNA)
    with pytest.raises(InvalidTicket, match="stays one"):
        await desk.edit(ticket.id, TicketEdit(category=TicketCategory.OTHER), by=ANNA)
    with pytest.raises(InvalidTicket, match="acknowledge comes first"):
        await desk.skip_step(ticket.id, ComplaintStep.REMEDY, reason="x", by=ANNA)
    await desk.entrust_step(ticket.id, ComplaintStep.DECIDE, to=ANNA, by=BOB)
    for step in (ComplaintStep.ACKNOWLEDGE, ComplaintStep.INVESTIGATE, ComplaintStep.DECIDE):
        await desk.complete_step(ticket.id, step, note=f"{step} done", by=BOB)
    await desk.skip_step(ticket.id, ComplaintStep.REMEDY, reason="not justified", by=BOB)
    with pytest.raises(InvalidTicket, match="next is follow_up"):
        await desk.close(ticket.id, root_cause="a seal", satisfaction=4, by=BOB)
    for step in (ComplaintStep.FOLLOW_UP, ComplaintStep.CONFIRM):
        await desk.complete_step(ticket.id, step, by=BOB)
    await desk.close(ticket.id, root_cause="a seal", satisfaction=4, by=BOB)
    steps = (await whole(desk, ticket.id)).steps
    assert [one.responsible for one in steps] == [BOB, BOB, ANNA, BOB, BOB, BOB]
    assert (steps[2].note, steps[3].state) == ("decide done", StepState.SKIPPED)
    await desk.move(ticket.id, TicketStatus.OPEN, reason="again", by=BOB)
    assert [one.state for one in (await whole(desk, ticket.id)).steps][4:] == [StepState.TODO] * 2


async def test_links_show_on_both_tickets_and_once(
    database: Database, desk: TicketDesk, customer: int
) -> None:
    one, other = [
        await desk.open(NewTicket(customer_id=customer, subject=name), by=ANNA) for name in ("one", "other")
    ]
    for _ in range(2):
        await desk.link(one.id, LinkKind.TICKET, str(other.id), by=ANNA)
        await desk.link(one.id, LinkKind.CALL, "pbx:7", by=ANNA)
    await desk.link(other.id, LinkKind.TICKET, str(one.id), by=ANNA)
    first, second = await whole(desk, one.id), await whole(desk, other.id)
    assert [(link.kind, link.target) for link in first.links] == [
        ("ticket", str(other.id)),
        ("call", "pbx:7"),
    ]
    assert [(link.kind, link.target) for link in second.links] == [("ticket", str(one.id))]
    assert (first.card.version, second.card.version) == (3, 1)


async def test_each_mark_is_told_once_whoever_asks(
    database: Database, desk: TicketDesk, clock: Clock, customer: int
) -> None:
    ticket = await desk.open(NewTicket(customer_id=customer, subject="Kettle"), by=ANNA)
    assert ticket.next_escalation_at == AT + 0.8 * 4 * HOUR
    assert await desk.due(clock.at, 10) == []
    assert await desk.escalate(ticket.id) is None
    clock.after(4 * HOUR)
    assert [one.id for one in await desk.due(clock.at, 10)] == [ticket.id]
    results = await asyncio.gather(*(desk.escalate(ticket.id) for _ in range(5)))
    (told,) = [one for one in results if one is not None]
    assert told.marks == (Mark.RESPONSE_NEARING, Mark.RESPONSE_PASSED)
    assert told.ticket.escalation_level is EscalationLevel.PASSED
    assert await desk.due(clock.at, 10) == []
    clock.after(20 * HOUR)
    assert [one.id for one in await desk.due(clock.at, 10)] == [ticket.id]
    again = await desk.escalate(ticket.id)
    assert again is not None
    assert (again.marks, again.ticket.next_escalation_at) == ((Mark.RESOLUTION_NEARING,), AT + 24 * HOUR)
    found = await whole(desk, ticket.id)
    assert [one.value for one in found.history] == ["open", *Mark][:4]
    trail = await AuditTrail(database.sessions).of_entity(Entity.TICKET, ticket.id)
    assert [one.actor.id for one in trail] == ["service-levels", "service-levels", "user:1"]


async def test_waiting_for_the_customer_nothing_escalates(
    desk: TicketDesk, clock: Clock, customer: int
) -> None:
    ticket = await desk.open(NewTicket(customer_id=customer, subject="Kettle"), by=ANNA)
    clock.after(HOUR)
    await desk.move(ticket.id, TicketStatus.PENDING, by=ANNA)
    clock.after(1000 * HOUR)
    assert await desk.due(clock.at) == []
    assert await desk.escalate(ticket.id) is None
    back = await desk.move(ticket.id, TicketStatus.OPEN, by=ANNA)
    assert (back.due_at, back.next_escalation_at) == (AT + 1023 * HOUR, AT + (999 + 0.8 * 24) * HOUR)
    assert (await desk.move(ticket.id, TicketStatus.SOLVED, by=ANNA)).next_escalation_at is None


async def test_a_clock_that_was_put_back_makes_no_history_of_the_past(
    desk: TicketDesk, clock: Clock, customer: int
) -> None:
    ticket = await desk.open(NewTicket(customer_id=customer, subject="Kettle"), by=ANNA)
    clock.after(HOUR)
    await desk.move(ticket.id, TicketStatus.PENDING, by=ANNA)
    clock.after(-HOUR)
    await desk.move(ticket.id, TicketStatus.OPEN, by=ANNA)
    found = await whole(desk, ticket.id)
    assert [one.at - AT for one in found.history] == [0, HOUR, HOUR]
    assert found.card.due_at == AT + 24 * HOUR


async def test_due_times_are_business_hours(database: Database, customer: int) -> None:
    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-12:00 13:00-17:00")
    desk = TicketDesk(
        database.sessions,
        hours=BusinessHours.written("Europe/London", week),
        policies=Policies(policies=(STANDARD,)),
        now=lambda: 1_774_627_200.0,  # Friday, 27 March 2026, 16:00 in London; clocks change on Sunday
    )
    ticket = await desk.open(NewTicket(customer_id=customer, subject="Kettle"), by=ANNA)
    assert ticket.first_response_due_at == 1_774_627_200.0 + 3600 + 63 * 3600 + 3 * 3600


async def test_lists_come_in_pages(desk: TicketDesk, clock: Clock, customer: int) -> None:
    owners = (ANNA, BOB, None)
    tickets = []
    for n in range(12):
        clock.after(n)
        new = NewTicket(
            customer_id=customer, subject=str(n), owner=owners[n % 3], team="repairs" if n % 2 else None
        )
        tickets.append(await desk.open(new, by=ANNA))
    for n in (0, 3):
        await desk.move(tickets[n].id, TicketStatus.PENDING, by=ANNA)
    await desk.move(tickets[1].id, TicketStatus.SOLVED, by=ANNA)

    async def all_of(wanted: TicketFilter, limit: int = 2) -> list[int]:
        found, cursor = [], None
        while True:
            page = await desk.find(wanted, cursor=cursor, limit=limit)
            assert len(page.tickets) <= limit
            found += [int(one.subject) for one in page.tickets]
            if (cursor := page.cursor) is None:
                return found

    undone = frozenset({TicketStatus.OPEN, TicketStatus.PENDING})
    assert await all_of(TicketFilter(), 5) == list(range(11, -1, -1))
    assert await all_of(TicketFilter(owner="user:1")) == [9, 6, 3, 0]
    assert await all_of(TicketFilter(owner="user:2", statuses=undone)) == [10, 7, 4]
    assert await all_of(TicketFilter(team="repairs", statuses=frozenset({TicketStatus.PENDING}))) == [3]
    assert await all_of(TicketFilter(customer_id=customer, statuses=undone), 3) == [
        11,
        10,
        9,
        8,
        7,
        6,
        5,
        4,
        3,
        2,
        0,
    ]
    assert await all_of(TicketFilter(customer_id=customer + 1)) == []
    soon = TicketFilter(due_before=tickets[8].due_at, statuses=undone)
    assert await all_of(soon, 2) == [2, 4, 5, 6, 7]
    assert await all_of(TicketFilter(due_before=tickets[8].due_at, owner="user:2"), 1) == [1, 4, 7]
    assert len((await desk.find(TicketFilter(), limit=0)).tickets) == 1


@pytest.mark.parametrize("cursor", ["", "n:", "n:x", "d1.0:2", "n:1; DROP TABLE tickets", "n:" + "9" * 40])
async def test_a_wrong_cursor_is_refused(desk: TicketDesk, cursor: str) -> None:
    with pytest.raises(InvalidTicket) as refused:
        await desk.find(TicketFilter(), cursor=cursor)
    assert refused.value.field == "cursor"
    with pytest.raises(InvalidTicket):
        await desk.find(TicketFilter(due_before=AT), cursor="n:1")
    with pytest.raises(InvalidTicket):
        await desk.find(TicketFilter(due_before=float("nan")))
    with pytest.raises(InvalidTicket):
        await desk.find(TicketFilter(customer_id=10**30))


OPEN_ONES = frozenset({TicketStatus.OPEN})
AFTER, AFTER_DUE = finding.Place(id=4900, due_at=None), finding.Place(id=700, due_at=AT + 700)


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (finding.statement(TicketFilter(statuses=OPEN_ONES), AFTER, 50), "ix_tickets_status_id"),
        (
            finding.statement(TicketFilter(statuses=OPEN_ONES, owner="user:7"), AFTER, 50),
            "ix_tickets_owner_status_id",
        ),
        (
            finding.statement(TicketFilter(statuses=OPEN_ONES, team="team 7"), AFTER, 50),
            "ix_tickets_team_status_id",
        ),
        (
            finding.statement(TicketFilter(statuses=OPEN_ONES, customer_id=1), AFTER, 50),
            "ix_tickets_customer_id_status_id",
        ),
        (
            finding.statement(TicketFilter(statuses=OPEN_ONES, due_before=AT + 4000), AFTER_DUE, 50),
            "ix_tickets_status_due_at_id",
        ),
        (finding.due_statement(AT + 20, 50), "ix_tickets_next_escalation_at_id"),
    ],
)
async def test_lists_come_off_an_index_in_order(
    database: Database, customer: int, statement: object, index: str
) -> None:
    """Of 5,000 tickets, each fiftieth open: no table is read through, and nothing is sorted."""
    async with writing(database.sessions) as session:
        people = [
            {"id": customer + n, "number": f"C-{n + 1}", "kind": "person", "name": "x", "language": "en"}
            for n in range(1, 10)
        ]
        await session.execute(insert(CustomerRow), [one | {"since": AT, "changed_at": AT} for one in people])
        await session.execute(
            insert(TicketRow),
            [
                {
                    **{"id": n, "number": f"T-{n}", "customer_id": customer + n // 50 % 10, "subject": "x"},
                    **{"status": "closed" if n % 50 else "open", "priority": "low", "created_at": AT + n},
                    **{"owner": f"user:{n // 50 % 40}", "team": f"team {n // 50 % 25}", "due_at": AT + n},
                    "next_escalation_at": AT + n if n % 10 == 0 else None,
                }
                for n in range(1, 5000)
            ],
        )
    said = await _plan(database, statement)
    assert index in said
    for wrong in ("SCAN tickets", "TEMP B-TREE", "Seq Scan", "Sort"):
        assert wrong not in said


async def _plan(database: Database, statement: object) -> str:
    dialect = sqlite.dialect() if database.is_sqlite else postgresql.dialect()  # type: ignore[no-untyped-call]
    sql = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})  # type: ignore[attr-defined]
    async with database.engine.connect() as connection:
        await connection.execute(text("ANALYZE"))
        if not database.is_sqlite:
            await connection.execute(text("SET enable_seqscan = off"))
            await connection.execute(text("SET enable_bitmapscan = off"))
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        rows = await connection.exec_driver_sql(explain + str(sql))
        return "\n".join(str(row[-1]) for row in rows)


async def test_tickets_from_elsewhere_get_the_history_they_must_have_had(
    database: Database, desk: TicketDesk, clock: Clock, customer: int
) -> None:
    async with writing(database.sessions) as session:
        old = {"id": 5, "number": "X-5", "customer_id": customer, "subject": "old", "status": "pending"}
        await session.execute(insert(TicketRow), [old | {"priority": "low", "created_at": AT - 50}])
    found = await whole(desk, 5)
    assert (found.card.version, found.card.category, found.card.changed_at) == (
        1,
        TicketCategory.OTHER,
        AT - 50,
    )
    moved = await desk.move(5, TicketStatus.OPEN, by=ANNA)
    assert moved.due_at == AT + 40 * HOUR
    assert [(one.value, one.at) for one in (await whole(desk, 5)).history] == [
        ("open", AT - 50),
        ("pending", AT - 50),
        ("open", AT),
    ]


async def test_the_demo_has_tickets_to_work_on(database: Database, desk: TicketDesk, clock: Clock) -> None:
    loaded = await load_demo(database.sessions, now=AT)
    page = await desk.find(TicketFilter(statuses=frozenset({TicketStatus.OPEN})), limit=100)
    assert page.tickets
    assert all(one.owner and one.due_at and one.first_response_at for one in page.tickets)
    async with database.sessions() as session:
        categories = set(await session.scalars(select(TicketRow.category).distinct()))
        states = await session.scalar(select(func.count()).select_from(TicketHistoryRow))
    assert {"complaint", "billing", "delivery", "technical"} <= categories
    assert states is not None
    assert states >= loaded.tickets
    for one in page.tickets[:5]:
        moved = await desk.move(one.id, TicketStatus.PENDING, by=ANNA)
        assert (moved.version, moved.due_at is None or moved.due_at < AT) == (2, True)
    complaints = [one for one in page.tickets if one.category is TicketCategory.COMPLAINT]
    assert len((await whole(desk, complaints[0].id)).steps) == len(ComplaintStep)


async def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/none.db", "postgresql://postgres@127.0.0.1:1/none"):
        database = Database(url)
        desk = TicketDesk(database.sessions, hours=round_the_clock(), policies=Policies(policies=(STANDARD,)))
        with pytest.raises(TicketsUnavailable):
            await desk.get(1)
        with pytest.raises(TicketsUnavailable):
            await desk.open(NewTicket(customer_id=1, subject="x"), by=ANNA)
        await database.close()
