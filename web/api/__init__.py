"""REST handlers by topic: thin, validated at the edge, over the ports of `web.ports`."""
