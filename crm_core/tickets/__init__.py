"""Tickets: their life, service levels in business hours, escalation and complaints."""
