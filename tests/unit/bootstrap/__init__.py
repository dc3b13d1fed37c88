"""The composition root: its commands, and what it lets the rooms say to each other."""
