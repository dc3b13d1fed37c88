"""The switch itself: channels, bridges, dialplan and queues. No sockets, no asyncio, no wall clock."""
