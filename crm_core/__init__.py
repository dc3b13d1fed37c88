"""Customers, their phone numbers, orders, tickets and notes. Knows nothing of telephony."""
