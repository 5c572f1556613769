"""The store: every record, lease and rate on Redis; the only room to import redis, besides the runtime."""

import sys

if "redis" not in sys.modules and "opentelemetry" not in sys.modules:
    # redis-py loads OpenTelemetry's metrics wherever they are installed, a sixth of the time that `status` takes, and
    # does without where they are not. We measure by Prometheus and ask for none of its own: here it finds none.
    sys.modules["opentelemetry"] = None  # type: ignore[assignment]  # Python's word for: not to be imported
    try:
        import redis  # noqa: F401  # for whoever imports it from here on
    finally:
        del sys.modules["opentelemetry"]
