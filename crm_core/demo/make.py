"""The demo's customers as plain values: the same seed and time give the same thousand. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from crm_core.demo import words
from crm_core.demo.goods import PRODUCTS
from crm_core.demo.words import Place
from crm_core.records import CustomerKind, OrderStatus, TicketPriority, TicketStatus

COUNT = 1_000
_SEED = 20_260
_DAY = 86_400.0
_FIRST_NUMBER = 100_001
_FIRST_ORDER = 58_001
_FIRST_TICKET = 7_001
_EVERY_COMPANY = 6  # each sixth customer is a company
_EVERY_COUPLE = 25  # each 25th person shares a line with somebody of the family
_WITH_MOBILE = 0.7  # of British people have a second, mobile number; other countries keep none for fiction
_COMPLAINING = 0.3  # of orders lead to a ticket
_RECENT = 2.5  # exponent: half of a customer's orders lie in the latest sixth of the time


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLine:
    sku: str
    title: str
    quantity: Decimal
    unit_price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOrder:
    number: str
    status: OrderStatus
    placed_at: float
    due_at: float | None
    currency: str
    lines: tuple[DemoLine, ...]

    @property
    def total(self) -> Decimal:
        return sum((line.quantity * line.unit_price for line in self.lines), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoTicket:
    number: str
    subject: str
    status: TicketStatus
    priority: TicketPriority
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoNote:
    text: str
    at: float
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPhone:
    """`contact` is the place in the company's list of the contact it belongs to."""

    number: str
    label: str
    contact: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCustomer:
    number: str
    kind: CustomerKind
    name: str
    company: str | None
    segment: str
    language: str
    city: str
    email: str
    owner: str
    since: float
    contacts: tuple[tuple[str, str], ...]
    phones: tuple[DemoPhone, ...]
    orders: tuple[DemoOrder, ...]
    tickets: tuple[DemoTicket, ...]
    notes: tuple[DemoNote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoNumbers:
    """Who the demo's callers can be: numbers of one customer, of several, and of nobody, in E.164."""

    known: tuple[str, ...]
    ambiguous: tuple[str, ...]
    unknown: tuple[str, ...]


def demo_customers(*, now: float, seed: int = _SEED) -> tuple[DemoCustomer, ...]:
    """A thousand customers; orders and tickets end shortly before `now` (UTC seconds)."""
    maker = _Maker(random.Random(seed), now)  # noqa: S311 - for show, not for secrets
    return _with_families([maker.customer(n) for n in range(COUNT)])


def demo_numbers(customers: Sequence[DemoCustomer]) -> DemoNumbers:
    """The numbers in `customers` by what a call from them shows."""
    owners: dict[str, set[str]] = {}
    for customer in customers:
        for phone in customer.phones:
            owners.setdefault(phone.number, set()).add(customer.number)
    unknown = tuple(f"+1{area}55501{n:02d}" for area in (808, 907, 505) for n in range(100))
    return DemoNumbers(
        known=tuple(number for number, who in owners.items() if len(who) == 1),
        ambiguous=tuple(number for number, who in owners.items() if len(who) > 1),
        unknown=unknown,
    )


_MACHINES = {product.sku: product.machine for product in PRODUCTS}


class _Maker:
    def __init__(self, chance: random.Random, now: float) -> None:
        self._chance = chance
        self._now = now
        self._given: dict[str, Iterator[str]] = {}
        self._order = _FIRST_ORDER
        self._ticket = _FIRST_TICKET

    def customer(self, n: int) -> DemoCustomer:
        chinese = n % 5 in (1, 3)
        place = self._place(chinese, n)
        company = n % _EVERY_COMPANY == _EVERY_COMPANY - 1
        since = self._now - self._chance.uniform(5, 2_000) * _DAY
        contacts = self._contacts(chinese) if company else ()
        orders = self._orders(chinese, place, since)
        return DemoCustomer(
            number=f"C-{_FIRST_NUMBER + n}",
            kind=CustomerKind.COMPANY if company else CustomerKind.PERSON,
            name=self._company(chinese, place) if company else self._person(chinese),
            company=None if company or self._chance.random() < 0.85 else self._company(chinese, place),
            segment="Business" if company else self._segment(),
            language="zh-CN" if chinese else "en",
            city=place.city,
            email=f"customer{_FIRST_NUMBER + n}@example.{'cn' if chinese else 'com'}",
            owner=self._chance.choice(words.ZH_STAFF if chinese else words.EN_STAFF),
            since=since,
            contacts=contacts,
            phones=self._phones(place, contacts if company else None),
            orders=orders,
            tickets=self._tickets(chinese, orders),
            notes=self._notes(chinese),
        )

    def _place(self, chinese: bool, n: int) -> Place:
        if chinese:
            return self._chance.choice(words.CN_PLACES)
        return self._chance.choice(words.GB_PLACES if n % 5 == 2 else words.US_PLACES)

    def _person(self, chinese: bool) -> str:
        if chinese:
            return self._chance.choice(words.ZH_LAST) + self._chance.choice(words.ZH_FIRST)
        return f"{self._chance.choice(words.EN_FIRST)} {self._chance.choice(words.EN_LAST)}"

    def _company(self, chinese: bool, place: Place) -> str:
        if chinese:
            return f"{place.city}{self._chance.choice(words.ZH_COMPANY)}{self._chance.choice(words.ZH_TRADE)}"
        return f"{self._chance.choice(words.EN_COMPANY)} {self._chance.choice(words.EN_TRADE)}"

    def _segment(self) -> str:
        names = [name for name, _ in words.SEGMENTS]
        return self._chance.choices(names, [weight for _, weight in words.SEGMENTS])[0]

    def _contacts(self, chinese: bool) -> tuple[tuple[str, str], ...]:
        roles = words.ZH_ROLES if chinese else words.EN_ROLES
        chosen = self._chance.sample(roles, self._chance.randint(1, 3))
        return tuple((self._person(chinese), role) for role in chosen)

    def _number(self, place: Place) -> str:
        """The next number of the place; no two customers get the same by chance."""
        width = len(str(place.free - 1))
        series = self._given.setdefault(
            place.prefix, (f"{place.prefix}{n:0{width}d}" for n in range(place.free))
        )
        return next(series)

    def _phones(self, place: Place, contacts: tuple[tuple[str, str], ...] | None) -> tuple[DemoPhone, ...]:
        if contacts is not None:
            main = DemoPhone(number=self._number(place), label="main")
            direct = (
                DemoPhone(number=self._number(place), label="direct", contact=n) for n in range(len(contacts))
            )
            return (main, *direct)
        home = DemoPhone(number=self._number(place), label="home")
        if place.prefix.startswith("+44") and self._chance.random() < _WITH_MOBILE:
            return (home, DemoPhone(number=self._number(words.GB_MOBILE), label="mobile"))
        return (home,)

    def _orders(self, chinese: bool, place: Place, since: float) -> tuple[DemoOrder, ...]:
        currency = "CNY" if chinese else "GBP" if place.prefix.startswith("+44") else "USD"
        count = self._chance.choices((0, 1, 2, 3, 4, 6), (10, 25, 25, 20, 15, 5))[0]
        longest = (self._now - since) / _DAY
        days = sorted(max(0.05, longest * self._chance.random() ** _RECENT) for _ in range(count))
        return tuple(self._one_order(chinese, currency, age) for age in reversed(days))

    def _one_order(self, chinese: bool, currency: str, age: float) -> DemoOrder:
        self._order += 1
        placed = self._now - age * _DAY
        chosen = self._chance.sample(PRODUCTS, self._chance.choices((1, 2, 3), (50, 35, 15))[0])
        return DemoOrder(
            number=f"SO-{self._order}",
            status=self._order_status(age),
            placed_at=placed,
            due_at=placed + 5 * _DAY,
            currency=currency,
            lines=tuple(
                DemoLine(
                    sku=product.sku,
                    title=product.zh if chinese else product.en,
                    quantity=Decimal(self._chance.choice((1, 1, 1, 2, 4))),
                    unit_price=product.price(currency),
                )
                for product in chosen
            ),
        )

    def _order_status(self, age_days: float) -> OrderStatus:
        if self._chance.random() < 0.04:
            return self._chance.choice((OrderStatus.CANCELLED, OrderStatus.RETURNED))
        if age_days < 1:
            return self._chance.choice((OrderStatus.PLACED, OrderStatus.PAID))
        if age_days < 5:
            return self._chance.choice((OrderStatus.PAID, OrderStatus.SHIPPED))
        if age_days < 10 and self._chance.random() < 0.4:
            return OrderStatus.LATE
        return OrderStatus.DELIVERED

    def _tickets(self, chinese: bool, orders: Sequence[DemoOrder]) -> tuple[DemoTicket, ...]:
        """About what was bought, after it was bought; old ones are done with."""
        complained = [order for order in orders if self._chance.random() < _COMPLAINING]
        return tuple(self._one_ticket(chinese, order) for order in complained)

    def _one_ticket(self, chinese: bool, order: DemoOrder) -> DemoTicket:
        self._ticket += 1
        latest = self._now - self._chance.uniform(600, _DAY)
        created = min(order.placed_at + self._chance.uniform(0.5, 20) * _DAY, latest)
        open_still = self._now - created < 14 * _DAY
        status = (TicketStatus.OPEN, TicketStatus.PENDING) if open_still else (TicketStatus.CLOSED,) * 4
        subjects: tuple[str, ...] = words.ZH_ORDER_SUBJECTS if chinese else words.EN_ORDER_SUBJECTS
        if _MACHINES[order.lines[0].sku]:
            subjects += words.ZH_MACHINE_SUBJECTS if chinese else words.EN_MACHINE_SUBJECTS
        template = self._chance.choice(subjects)
        return DemoTicket(
            number=f"T-{self._ticket}",
            subject=template.format(product=order.lines[0].title, order=order.number),
            status=self._chance.choice((*status, TicketStatus.SOLVED)),
            priority=self._chance.choices(tuple(TicketPriority), (15, 60, 20, 5))[0],
            created_at=created,
        )

    def _notes(self, chinese: bool) -> tuple[DemoNote, ...]:
        texts = words.ZH_NOTES if chinese else words.EN_NOTES
        staff = words.ZH_STAFF if chinese else words.EN_STAFF
        chosen = self._chance.sample(texts, self._chance.choices((0, 1, 2), (40, 45, 15))[0])
        return tuple(
            DemoNote(
                text=text,
                at=self._now - self._chance.uniform(0.2, 300) * _DAY,
                by=self._chance.choice(staff),
            )
            for text in chosen
        )


def _with_families(customers: list[DemoCustomer]) -> tuple[DemoCustomer, ...]:
    """Relatives and housemates share a line, some companies own a block of direct lines."""
    people = [n for n, one in enumerate(customers) if one.kind is CustomerKind.PERSON]
    for place in range(0, len(people) - 10, _EVERY_COUPLE):
        head = customers[people[place]]
        for other in people[place + 1 : place + 10]:
            if customers[other].language == head.language:
                customers[other] = _relative(head, customers[other])
                break
    return tuple(customers)


def _relative(head: DemoCustomer, other: DemoCustomer) -> DemoCustomer:
    if head.language == "zh-CN":
        name = head.name[0] + other.name[1:]
    else:
        name = f"{other.name.split(' ', 1)[0]} {head.name.split(' ', 1)[1]}"
    shared = replace(head.phones[0], label="home")
    return replace(other, name=name, city=head.city, phones=(shared, *other.phones))
