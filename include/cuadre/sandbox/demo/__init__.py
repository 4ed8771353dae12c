"""The demo: three settlement days on real parts, started, watched, judged and stopped by one command."""
