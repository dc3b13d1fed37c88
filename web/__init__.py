"""The HTTP API, the realtime socket and the browser application. Knows nothing of AMI or TwiML."""
