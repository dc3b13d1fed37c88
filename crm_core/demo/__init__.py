"""A made-up company's thousand customers, in English and Chinese, the same every time.

No number in it can reach anybody. United States: 555-0100 to 555-0199 of any area, kept free for fiction.
United Kingdom: the ranges that Ofcom keeps for drama (020 7946 0xxx and its like, 07700 900xxx). China keeps
none: area codes with 0000 xxxx, for a Chinese subscriber number never begins with 0, and `phonenumbers`
takes them for valid.
"""

from crm_core.demo.load import DemoLoaded, load_demo
from crm_core.demo.make import DemoNumbers, demo_customers, demo_numbers

__all__ = ["DemoLoaded", "DemoNumbers", "demo_customers", "demo_numbers", "load_demo"]
