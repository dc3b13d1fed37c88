"""Customers and orders from CSV files: streamed, checked row by row, safe to run again."""

from crm_core.importing.customers import import_customers
from crm_core.importing.orders import import_orders
from crm_core.importing.report import ImportProgress, ImportResult
from crm_core.importing.source import ImportRefused

__all__ = ["ImportProgress", "ImportRefused", "ImportResult", "import_customers", "import_orders"]
