"""The Celery application: ``celery -A worker.app``, or rather ``opter-economic worker``."""

from celery import Celery

from worker.lifecycle import Lifecycle, heed_held_signals

heed_held_signals()
#: Tasks are registered by name; the package that defines them is loaded by Celery, not imported here.
app = Celery("opter-economic", include=["tasks"])
lifecycle = Lifecycle(app)
app.add_defaults(lifecycle.celery_configuration)
lifecycle.connect()
