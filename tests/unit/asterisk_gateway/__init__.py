"""The Telephony port over AMI, the link to one switch, and the scripts of a caller's own leg."""
