"""e-conomic's resources, as pure functions ``(Agreement, Call) -> Answer`` that change the agreement."""

from worker.sandbox.resources import (
    attachments,
    booked,
    customers,
    documents,
    draft_entries,
    drafts,
    journals_api,
    ledger,
    payment_terms,
    products,
    read_only,
    self_resource,
    simple_collections,
    vouchers,
    years,
)
from worker.sandbox.routes import Route

__all__ = ["ROUTES"]

#: Every operation that the sandbox keeps.
ROUTES: tuple[Route, ...] = (
    *self_resource.ROUTES,
    *customers.ROUTES,
    *products.ROUTES,
    *payment_terms.ROUTES,
    *simple_collections.ROUTES,
    *years.ROUTES,
    *drafts.ROUTES,
    *booked.ROUTES,
    *vouchers.ROUTES,
    *attachments.ROUTES,
    *journals_api.ROUTES,
    *draft_entries.ROUTES,
    *ledger.ROUTES,
    *documents.ROUTES,
    *read_only.ROUTES,
)
