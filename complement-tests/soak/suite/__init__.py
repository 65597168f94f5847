"""The soak of the bridges: processes, platforms, people who speak, troubles, and a judge."""
