"""Products and prices, quotes, and orders from draft to delivered. No telephony, no web."""
