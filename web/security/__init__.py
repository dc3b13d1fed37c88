"""Who may do what from where: passwords, sessions, throttles, permissions, origins, headers."""
