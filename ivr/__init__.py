"""Menus as data: what a caller hears and where the call goes. Knows no switch and no database."""
