"""The Asterisk adapter: AMI and FastAGI, the channel tracker, the commands, and the files a PBX needs."""
