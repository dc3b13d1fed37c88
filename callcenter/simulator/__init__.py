"""A PBX that speaks AMI and FastAGI over real sockets: for the demo, for load and for fault tests.

`core` decides (pure, driven by an agenda on an injected clock), the modules beside it are its edges.
"""
