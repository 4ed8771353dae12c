"""A provider to try everything against: archives, faults, an SFTP server, the demo."""
