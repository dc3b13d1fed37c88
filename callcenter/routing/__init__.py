"""Queues and the matching engine: which waiting caller is offered to which agent."""
