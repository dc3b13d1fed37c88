"""Who changes things in tests."""

from crm_core.changing import Actor

ANNA = Actor(id="user:1", name="Anna Bauer")
EVE = Actor(id="user:2", name="Eve")
