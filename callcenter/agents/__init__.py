"""Agents and their presence: who may be given a call now, and why not."""
