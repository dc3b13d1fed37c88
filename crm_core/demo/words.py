"""The words that the demo is made of: names, places and what people call about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A city and the prefix of its numbers kept for fiction; the rest of the digits is counted up."""

    city: str
    prefix: str
    free: int  # how many numbers follow the prefix


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split())


EN_FIRST = _listed("""
Ava Noah Mia Liam Emma Ethan Olivia Mason Sophia Lucas Isla Oliver Amelia Harry Freya
George Grace Leo Ruby Oscar Chloe Jack Ella Thomas Hannah Samuel Alice Daniel Nora Henry
Lucy David Zoe Adam Clara Peter Julia Simon Laura Martin Rachel Paul Diane Victor Helen
Frank Teresa Walter Joan Priya Arjun Fatima Omar Ingrid Lars Siobhan Declan Mei Kenji Rosa
Mateo Ana Carlos Yara
""")
EN_LAST = _listed("""
Bennett Carter Dawson Ellison Foster Grant Hughes Iverson Jennings Keller Lawson Mercer
Norris Osborne Palmer Quinn Ramsey Sawyer Thornton Underwood Vaughan Whitaker Young Abbott
Brennan Callahan Donovan Everett Fletcher Goodwin Harper Ingram Jacobs Kendall Langley
Maddox Newton Oakley Prescott Reed Sheridan Tucker Upton Vance Winslow Yates Ashworth
Barlow Clifton Draper Eastwood Fairfax Gupta Hassan Ibarra Johansson Kowalski Lindqvist
Moreau Nakamura Okafor Patel Rossi Sharma Tanaka O'Neill
""")
ZH_LAST = (
    "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢"
)
ZH_FIRST = _listed("""
伟 芳 娜 敏 静 磊 洋 勇 艳 杰 娟 涛 明 超 霞 平 刚 文 辉 玲 桂英 秀兰
建国 志强 海燕 雪梅 晓东 春华 子涵 梓轩 浩然 欣怡 诗涵 宇航 思远 雨桐 佳琪
俊杰 嘉怡 天宇 若曦 博文 梦瑶 一鸣 晨曦 丽华 国强 慧敏 立新 雅婷 振宇 婷婷
小红 文博 少华
""")

US_PLACES = tuple(
    Place(city, f"+1{area}55501", 100)
    for city, area in (
        ("New York", 212),
        ("San Francisco", 415),
        ("Seattle", 206),
        ("Chicago", 312),
        ("Boston", 617),
        ("Denver", 303),
        ("Austin", 512),
        ("Miami", 305),
        ("Atlanta", 404),
        ("Portland", 503),
        ("San Diego", 619),
        ("Houston", 713),
        ("Philadelphia", 215),
        ("Phoenix", 602),
        ("Minneapolis", 612),
    )
)
GB_PLACES = tuple(
    Place(city, f"+44{prefix}", 1000)
    for city, prefix in (
        ("London", "2079460"),
        ("Leeds", "1134960"),
        ("Sheffield", "1144960"),
        ("Leicester", "1164960"),
        ("Bristol", "1174960"),
        ("Reading", "1184960"),
        ("Birmingham", "1214960"),
        ("Edinburgh", "1314960"),
        ("Glasgow", "1414960"),
        ("Liverpool", "1514960"),
        ("Manchester", "1614960"),
        ("Cardiff", "2920180"),
    )
)
GB_MOBILE = Place("", "+447700900", 1000)
CN_PLACES = tuple(
    Place(city, f"+86{area}0000", 10_000)
    for city, area in (
        ("北京", 10),
        ("广州", 20),
        ("天津", 22),
        ("重庆", 23),
        ("沈阳", 24),
        ("南京", 25),
        ("武汉", 27),
        ("成都", 28),
        ("西安", 29),
        ("深圳", 755),
        ("杭州", 571),
        ("苏州", 512),
    )
)

EN_COMPANY = _listed("""
Harbour Juniper Northgate Bluebird Copperfield Willow Summit Lakeside Redwood Kingsway
Orchard Meridian Foxglove Stonebridge Riverside Beacon Maple Pinnacle Hawthorn Silverline
""")
EN_TRADE = (
    "Bakery",
    "Dental Practice",
    "Logistics",
    "Design Studio",
    "Hotel",
    "Primary School",
    "Property Services",
    "Coffee Roasters",
    "Veterinary Clinic",
    "Accountants",
)
ZH_COMPANY = _listed("""
远航 晨光 鼎盛 恒通 瑞丰 蓝海 东方 金桥 华信 宏图 星辰 正大 天成 嘉和 百川
云峰 绿洲 盛世 新源 同心
""")
ZH_TRADE = (
    "贸易有限公司",
    "餐饮管理有限公司",
    "物流有限公司",
    "设计工作室",
    "酒店",
    "口腔诊所",
    "物业服务有限公司",
    "会计师事务所",
    "书店",
    "科技有限公司",
)
EN_ROLES = ("Office manager", "Purchasing", "Accounts", "Owner", "Facilities")
ZH_ROLES = ("行政主管", "采购", "财务", "负责人", "后勤")
EN_STAFF = ("Grace Whitfield", "Tom Adler", "Nadia Rahman")
ZH_STAFF = ("陈晓琳", "赵一帆", "孙悦")

EN_MACHINE_SUBJECTS = (
    "{product} does not switch on",
    "Spare part for {product}",
    "{product} leaks from underneath",
    "How to descale the {product}",
    "Repair appointment for {product}",
)
EN_ORDER_SUBJECTS = (
    "{product}: wrong item in the parcel",
    "Delivery of order {order} is late",
    "Invoice for order {order} shows the old address",
    "Return of {product}, box already opened",
    "Refund for order {order} not received yet",
    "Change of delivery day for order {order}",
    "Charged twice for order {order}",
)
ZH_MACHINE_SUBJECTS = (
    "{product}无法开机",
    "{product}需要配件",
    "{product}底部漏水",
    "{product}怎么除垢",
    "预约上门维修{product}",
)
ZH_ORDER_SUBJECTS = (
    "{product}收到的货不对",
    "订单 {order} 迟迟未送到",
    "订单 {order} 的发票抬头有误",
    "{product}已拆封，想退货",
    "订单 {order} 的退款还没到账",
    "订单 {order} 想改送货日期",
    "订单 {order} 被重复扣款",
)
EN_NOTES = (
    "Prefers to be called after four in the afternoon.",
    "Asked for the invoice by e-mail from now on.",
    "Happy with the last repair, sent thanks to the technician.",
    "Deliveries go to the side entrance; the bell does not work.",
    "Considering the service plan, call again next month.",
    "Has two machines in the office, the older one is out of warranty.",
    "Was promised a replacement filter free of charge.",
    "Speaks quietly on the phone, please turn up the headset.",
)
ZH_NOTES = (
    "希望下午四点以后再联系。",
    "以后发票请发到邮箱。",
    "对上次维修很满意，让我们转达感谢。",
    "送货请走侧门，门铃坏了。",
    "正在考虑保养服务，下个月再联系。",
    "办公室有两台机器，旧的那台已过保修期。",
    "已答应免费补寄一个滤芯。",
    "客户更习惯用微信沟通，电话里请简短。",
)
SEGMENTS = (("VIP", 6), ("Gold", 14), ("Standard", 60), ("New", 20))
