"""e-conomic: its API as a client, and the pure mapping to it."""
