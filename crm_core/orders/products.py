"""The product and price list."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from crm_core.access import Access
from crm_core.changing import Actor, Change, Entity, Plain, check_version
from crm_core.orders.pricing import ListPrice
from crm_core.orders.records import Product, ProductInput
from crm_core.orders.rules import InvalidOrder, check_amount, check_quantity
from crm_core.orders.tables import PriceRow, ProductRow
from crm_core.orders.words import given, moment, optional, plain
from crm_core.tables import MAX_NAME, MAX_SHORT
from crm_core.terms import fold
from crm_core.writing import Values, insert_rows, plain_table

MAX_PRICES = 100  # of one product: currencies times volumes times periods
MAX_TITLES = 20  # languages
MAX_PAGE = 200
MAX_QUESTION = 120


class ProductList:
    """Products and their prices. Raises OrdersUnavailable when the database fails."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def get(self, sku: str) -> Product | None:
        """The product with this article number; None if there is none."""
        async with self._access.read() as session:
            return (await products_by_sku(session, {plain(sku)})).get(plain(sku))

    async def find(
        self,
        q: str = "",
        *,
        category: str | None = None,
        active_only: bool = True,
        after_sku: str = "",
        limit: int = 50,
    ) -> list[Product]:
        """Products by article number, at most 200. Each word of `q` stands anywhere in the article number or in
        the title in any language, without regard to case, width and accents. `after_sku` gives the next page.

        The list is read through: a small company has some thousands of products, not millions.
        """
        wanted = select(ProductRow).where(ProductRow.sku > plain(after_sku))
        for word in fold(plain(q[:MAX_QUESTION])).split():
            wanted = wanted.where(ProductRow.words.contains(word, autoescape=True))
        if category is not None:
            wanted = wanted.where(ProductRow.category == plain(category))
        if active_only:
            wanted = wanted.where(ProductRow.active.is_(True))
        wanted = wanted.order_by(ProductRow.sku).limit(max(1, min(limit, MAX_PAGE)))
        async with self._access.read() as session:
            return await _with_prices(session, list(await session.scalars(wanted)))

    async def put(self, product: ProductInput, *, by: Actor, version: int | None = None) -> Product:
        """Make or replace the product with this article number, and all its prices.

        `version` is what was in view: None takes any. Raises InvalidOrder, StaleEdit.
        """
        values, prices = _checked(product)
        async with self._access.change(by) as change:
            found = select(ProductRow).where(ProductRow.sku == values["sku"]).with_for_update()
            row = await change.session.scalar(found)
            if row is None:
                await _make(change, values, prices)
            else:
                check_version(Entity.PRODUCT, row.id, stored=row.version, expected=version)
                await _replace(change, row, values, prices)
            return (await products_by_sku(change.session, {values["sku"]}))[values["sku"]]


async def products_by_sku(session: AsyncSession, skus: Collection[str]) -> dict[str, Product]:
    """The products with these article numbers, also those no longer sold."""
    if not skus:
        return {}
    rows = await session.scalars(select(ProductRow).where(ProductRow.sku.in_(sorted(skus))))
    return {product.sku: product for product in await _with_prices(session, list(rows))}


async def _with_prices(session: AsyncSession, rows: list[ProductRow]) -> list[Product]:
    prices: defaultdict[int, list[ListPrice]] = defaultdict(list)
    if rows:
        wanted = select(PriceRow).where(PriceRow.product_id.in_([row.id for row in rows]))
        for price in await session.scalars(wanted.order_by(PriceRow.id)):
            prices[price.product_id].append(_list_price(price))
    return [
        Product(
            id=row.id,
            sku=row.sku,
            version=row.version,
            title=row.title,
            titles=json.loads(row.titles),
            category=row.category,
            active=row.active,
            prices=tuple(prices[row.id]),
        )
        for row in rows
    ]


def _list_price(row: PriceRow) -> ListPrice:
    return ListPrice(
        currency=row.currency,
        unit_price=row.unit_price,
        min_quantity=row.min_quantity,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


async def _make(change: Change, values: Values, prices: list[Values]) -> None:
    try:
        made = insert(ProductRow).values(**values, version=1).returning(ProductRow.id)
        product_id = (await change.session.execute(made)).scalar_one()
    except IntegrityError:  # of the moment since we looked
        raise InvalidOrder("sku", "somebody has just made this product; look at it and try again") from None
    await insert_rows(change.session, PriceRow, [price | {"product_id": product_id} for price in prices])
    change.created(Entity.PRODUCT, product_id, _audited(values, prices), customer_id=None)


async def _replace(change: Change, row: ProductRow, values: Values, prices: list[Values]) -> None:
    product_id, stored = row.id, row.version
    old = await change.session.scalars(
        select(PriceRow).where(PriceRow.product_id == product_id).order_by(PriceRow.id)
    )
    before = _audited(
        {name: getattr(row, name) for name in values},
        [price_values(_list_price(price)) for price in old],
    )
    if not change.changed(Entity.PRODUCT, product_id, before, _audited(values, prices), customer_id=None):
        return
    table = plain_table(ProductRow)
    same = table.c.id == product_id, table.c.version == stored
    await change.session.execute(update(table).where(*same).values(**values, version=stored + 1))
    await change.session.execute(delete(PriceRow).where(PriceRow.product_id == product_id))
    await insert_rows(change.session, PriceRow, [price | {"product_id": product_id} for price in prices])
    change.session.expire_all()


def product_values(product: ProductInput) -> Values:
    """The row of a product that is known to be good, without its version."""
    texts = (product.sku, product.title, *product.titles.values())
    return {
        "sku": product.sku,
        "title": product.title,
        "titles": json.dumps(dict(sorted(product.titles.items())), ensure_ascii=False),
        "category": product.category,
        "active": product.active,
        "words": "\n".join(fold(text) for text in texts),
    }


def price_values(price: ListPrice) -> Values:
    """The row of a price but for whose it is."""
    return {
        "currency": price.currency,
        "unit_price": price.unit_price,
        "min_quantity": price.min_quantity,
        "valid_from": price.valid_from,
        "valid_to": price.valid_to,
    }


def _checked(product: ProductInput) -> tuple[Values, list[Values]]:
    if len(product.prices) > MAX_PRICES:
        raise InvalidOrder("prices", f"a product has at most {MAX_PRICES} prices")
    if len(product.titles) > MAX_TITLES:
        raise InvalidOrder("titles", f"titles in at most {MAX_TITLES} languages")
    clean = ProductInput(
        sku=given(product.sku, "sku", MAX_SHORT),
        title=given(product.title, "title", MAX_NAME),
        titles={
            given(tag, "titles", 16): given(title, f"titles.{tag}"[:40], MAX_NAME)
            for tag, title in product.titles.items()
        },
        category=optional(product.category, "category", MAX_SHORT),
        active=product.active,
    )
    return product_values(clean), [_checked_price(n, price) for n, price in enumerate(product.prices)]


def _checked_price(n: int, price: ListPrice) -> Values:
    field = f"prices[{n}]"
    check_currency(price.currency, f"{field}.currency")
    check_amount(price.unit_price, f"{field}.unit_price")
    check_quantity(price.min_quantity, f"{field}.min_quantity")
    moment(price.valid_from, f"{field}.valid_from")
    if price.valid_to is not None and moment(price.valid_to, f"{field}.valid_to") <= price.valid_from:
        raise InvalidOrder(f"{field}.valid_to", "after valid_from")
    return price_values(price)


def check_currency(currency: str, field: str) -> None:
    """Raise InvalidOrder unless `currency` has the form of ISO 4217."""
    if len(currency) != 3 or not (currency.isascii() and currency.isalpha() and currency.isupper()):
        raise InvalidOrder(field, "three letters like EUR")


def _audited(values: Mapping[str, Plain], prices: Iterable[Mapping[str, Plain]]) -> dict[str, Plain]:
    kept = {name: value for name, value in values.items() if name != "words"}
    return kept | {"prices": list(prices)}
