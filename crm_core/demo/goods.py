"""What the demo's company sells: coffee, tea, what makes them and what keeps that going. Prices are made up."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from crm_core.orders.pricing import ListPrice
from crm_core.orders.records import ProductInput

_VOLUME = Decimal(10)  # pieces from which supplies are cheaper
_VOLUME_SHARE = Decimal("0.9")
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Product:
    sku: str
    en: str
    zh: str
    usd: str
    gbp: str
    cny: str
    category: str = "machines"

    @property
    def machine(self) -> bool:
        """Can break, leak and be repaired."""
        return self.category == "machines"

    def title(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en

    def price(self, currency: str) -> Decimal:
        return Decimal({"USD": self.usd, "GBP": self.gbp, "CNY": self.cny}[currency])


def _of(category: str, *rows: tuple[str, str, str, str, str, str]) -> tuple[Product, ...]:
    return tuple(Product(*row, category) for row in rows)


PRODUCTS = (
    *_of(
        "machines",
        ("CM-210", "Filter coffee machine", "滴滤咖啡机", "189.00", "149.00", "1299.00"),
        ("CM-320", "Filter coffee machine, thermos jug", "保温壶滴滤咖啡机", "229.00", "179.00", "1580.00"),
        ("CM-480", "Espresso machine with grinder", "带研磨的意式咖啡机", "749.50", "599.00", "4999.00"),
        ("CM-650", "Fully automatic coffee machine", "全自动咖啡机", "1249.00", "989.00", "8480.00"),
        (
            "CM-900",
            "Office coffee machine, mains water",
            "直饮水商用咖啡机",
            "3190.00",
            "2540.00",
            "21800.00",
        ),
        ("GR-100", "Coffee grinder", "咖啡研磨机", "119.00", "94.95", "799.00"),
        ("GR-220", "Coffee grinder, conical burrs", "锥刀咖啡研磨机", "219.00", "174.00", "1490.00"),
        ("KT-170", "Electric kettle, 1.7 l", "电热水壶 1.7 升", "59.00", "44.95", "329.00"),
        ("KT-080", "Gooseneck kettle, 0.8 l", "手冲细口壶 0.8 升", "89.00", "69.95", "589.00"),
        ("MF-250", "Milk frother", "打奶泡机", "79.00", "62.00", "459.00"),
        ("MC-010", "Milk cooler, 1 l", "牛奶冷藏箱 1 升", "199.00", "158.00", "1360.00"),
        ("WD-300", "Water dispenser", "饮水机", "349.00", "279.00", "2390.00"),
    ),
    *_of(
        "coffee",
        ("BN-01K", "House blend beans, 1 kg", "招牌拼配咖啡豆 1 公斤", "24.90", "19.90", "158.00"),
        ("BN-02K", "Espresso beans, 1 kg", "意式咖啡豆 1 公斤", "27.50", "21.90", "178.00"),
        ("BN-05K", "Decaf beans, 5 kg", "低因咖啡豆 5 公斤", "109.00", "86.50", "688.00"),
        ("BN-25E", "Ethiopian beans, 250 g", "埃塞俄比亚咖啡豆 250 克", "12.40", "9.80", "86.00"),
        ("BN-25C", "Colombian beans, 250 g", "哥伦比亚咖啡豆 250 克", "11.60", "9.20", "79.00"),
        ("BN-25Y", "Yunnan beans, 250 g", "云南小粒咖啡豆 250 克", "11.20", "8.90", "68.00"),
        ("GC-500", "Ground coffee, 500 g", "咖啡粉 500 克", "13.80", "10.90", "92.00"),
        ("CD-050", "Drip bags, box of 50", "挂耳咖啡 50 包", "38.00", "29.90", "239.00"),
    ),
    *_of(
        "tea",
        ("TB-100", "Green tea, 100 bags", "绿茶 100 袋", "16.20", "12.60", "98.00"),
        ("TB-110", "Black tea, 100 bags", "红茶 100 袋", "15.40", "11.90", "95.00"),
        ("TB-120", "Peppermint tea, 100 bags", "薄荷茶 100 袋", "14.80", "11.50", "89.00"),
        ("TL-250", "Oolong tea, loose, 250 g", "乌龙茶 散装 250 克", "22.00", "17.40", "138.00"),
        ("TL-260", "Jasmine tea, loose, 250 g", "茉莉花茶 散装 250 克", "18.50", "14.60", "112.00"),
    ),
    *_of(
        "care",
        ("WF-003", "Water filter, pack of 3", "净水滤芯 3 支装", "34.50", "27.00", "219.00"),
        ("WF-012", "Water filter, pack of 12", "净水滤芯 12 支装", "124.00", "97.00", "790.00"),
        ("DS-500", "Descaler, 500 ml", "除垢剂 500 毫升", "12.75", "9.99", "69.00"),
        ("CT-060", "Cleaning tablets, 60 pieces", "清洁片 60 粒", "18.90", "14.90", "118.00"),
        ("MW-500", "Milk system cleaner, 500 ml", "奶路清洁液 500 毫升", "14.50", "11.40", "88.00"),
        ("SP-GSK", "Gasket set", "密封圈套装", "9.80", "7.75", "58.00"),
        ("SP-JUG", "Glass jug for CM-210", "CM-210 玻璃壶", "24.00", "18.95", "149.00"),
        ("SP-TRY", "Drip tray for CM-480", "CM-480 滴水盘", "19.50", "15.40", "126.00"),
    ),
    *_of(
        "tableware",
        ("CP-012", "Stoneware cups, set of 12", "陶瓷杯 12 只装", "64.80", "49.90", "369.00"),
        ("CP-006", "Espresso cups, set of 6", "意式浓缩杯 6 只装", "32.00", "24.90", "189.00"),
        ("CP-PAP", "Paper cups, 1,000 pieces", "纸杯 1000 只", "58.00", "45.50", "298.00"),
        ("GL-006", "Latte glasses, set of 6", "拿铁玻璃杯 6 只装", "36.50", "28.90", "219.00"),
    ),
    *_of(
        "services",
        ("SV-012", "Service plan, 12 months", "保养服务 12 个月", "228.00", "180.00", "1480.00"),
        ("SV-036", "Service plan, 36 months", "保养服务 36 个月", "598.00", "472.00", "3880.00"),
        ("SV-INS", "Installation and training", "上门安装与培训", "145.00", "115.00", "680.00"),
    ),
)

_IN_VOLUME = frozenset({"coffee", "tea", "care", "tableware"})


def demo_products() -> tuple[ProductInput, ...]:
    """The product and price list: in English and Chinese, in dollars, pounds and yuan, supplies cheaper by ten."""
    return tuple(
        ProductInput(
            sku=one.sku, title=one.en, titles={"zh": one.zh}, category=one.category, prices=_prices(one)
        )
        for one in PRODUCTS
    )


def _prices(product: Product) -> tuple[ListPrice, ...]:
    single = [ListPrice(currency=c, unit_price=product.price(c)) for c in ("USD", "GBP", "CNY")]
    if product.category not in _IN_VOLUME:
        return tuple(single)
    volume = [
        ListPrice(
            currency=one.currency,
            unit_price=(one.unit_price * _VOLUME_SHARE).quantize(_CENT, rounding=ROUND_HALF_UP),
            min_quantity=_VOLUME,
        )
        for one in single
    ]
    return (*single, *volume)
