"""Runs upstream Complement against this server and keeps the record of its results."""
