"""The desk's socket: documents and their sequence (`hub`), writing (`fanout`), the aiohttp edge."""
