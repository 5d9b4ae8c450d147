"""Bounces and complaints: what mail servers tell of letters that did not arrive, or that somebody did not want."""
