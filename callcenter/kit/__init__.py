"""Small generic parts without a word of telephony in them."""
