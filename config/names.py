"""Names that other processes depend on: tasks, queues, keys. Changing one orphans what is under way."""

#: Celery task that exports one invoice; its only argument is the invoice id.
EXPORT_TASK = "invoice.export.v1"
#: Celery task that checks a period before its first write; its only argument is the period id.
PREFLIGHT_TASK = "period.preflight.v1"
#: Celery task that reads a period back from e-conomic; its only argument is the period id.
RECONCILE_TASK = "period.reconcile.v1"

#: Celery task that checks an export's agreement; its only argument is the id that ``agreement_id`` returns.
AGREEMENT_TASK = "agreement.check.v1"


def agreement_id(export: str) -> str:
    """Return the id of an export's agreement in messages."""
    return f"{export}-agreement"


#: Celery task that asks about the causes of an export's dead letters; its argument is what ``causes_id`` returns.
CAUSES_TASK = "causes.check.v1"


def causes_id(export: str) -> str:
    """Return the id of the causes of an export's dead letters in messages."""
    return f"{export}-causes"


#: Celery task that looks at a period that is to be written short or archived; its only argument is the period id.
ARCHIVE_TASK = "period.archive.v1"

#: What people are sent messages about, as ``worker.domain.notices.Kind`` has it; settings name them.
NOTICE_KINDS = (
    "period-done",
    "to-fix",
    "new-cause",
    "cause-back",
    "cause-cleared",
    "refused-event",
    "paused",
    "resumed",
    "no-worker",
    "no-intake",
    "drift",
    "series-gap",
    "archive-checkpoint",
)


def export_of(id_: str) -> str:
    """Return the name of the export that the id of an invoice or period belongs to: all before the first hyphen."""
    return id_.partition("-")[0]


def export_queue(export: str) -> str:
    """Return the Celery queue of an export's invoices: one each, so that kombu's round robin shares fairly."""
    return f"export.{export}"


def recovery_queue(export: str) -> str:
    """Return the Celery queue of an export's invoices whose worker died, so that they never wait behind the others."""
    return f"recovery.{export}"


def preflight_queue(export: str) -> str:
    """Return the Celery queue of an export's period checks, so that they never wait behind invoices."""
    return f"preflight.{export}"


def reconcile_queue(export: str) -> str:
    """Return the Celery queue of an export's certificates, so that they never wait behind invoices, nor before them.

    The check of its agreement goes there too.
    """
    return f"reconcile.{export}"


def broker_prefix(prefix: str) -> str:
    """Return the prefix of everything that Celery keeps in Redis, from the installation's prefix."""
    return f"{prefix}celery:"


def queue_key(prefix: str, queue: str) -> str:
    """Return the Redis list that holds a Celery queue's waiting messages, from the installation's prefix."""
    return broker_prefix(prefix) + queue


def actions_key(prefix: str) -> str:
    """Return the list that holds the log of actions, from the installation's prefix."""
    return f"{prefix}actions"


def processing_key(queue: str, consumer: str) -> str:
    """Return the list of events that a consumer of the event queue is working on."""
    return f"{queue}:processing:{consumer}"


def consumers_key(queue: str) -> str:
    """Return the sorted set of the event queue's consumers, scored by when each was last seen."""
    return f"{queue}:consumers"


def heartbeat_key(queue: str, consumer: str) -> str:
    """Return the key whose expiry means that a consumer is dead."""
    return f"{queue}:alive:{consumer}"


def dead_key(queue: str) -> str:
    """Return the list of refused events, bytes as they came."""
    return f"{queue}:dead"


def readings_key(queue: str) -> str:
    """Return the hash of how often each event was begun and not finished, by the SHA-256 of its bytes."""
    return f"{queue}:readings"


def dead_reasons_key(queue: str) -> str:
    """Return the hash of why each refused event was refused, by the SHA-256 of its bytes."""
    return f"{queue}:dead:reasons"
