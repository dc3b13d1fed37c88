"""The call-center server: telephone on one side, the customer's record on the other."""

__version__ = "0.1.0"
