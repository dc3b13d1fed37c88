"""The neutral words of telephony: what every switch adapter says and every other room understands."""
