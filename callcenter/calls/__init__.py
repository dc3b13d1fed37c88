"""The call and its legs: state machine, journal entries, what each desk shows, recovery."""
