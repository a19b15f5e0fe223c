"""The embedded mail relay: takes every message on loopback and delivers it into a folder."""
