"""The store: every record, lease and rate on Redis; the only room to import redis, besides the runtime."""
