"""What a resource declares about itself; the protocol mounts it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from worker.sandbox.state import Agreement, Answer, Call, Json

Handler = Callable[[Agreement, Call], Answer]

#: Operators that e-conomic's filter grammar knows (REST docs, "Filter operators").
ALL_OPERATORS = frozenset({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$like", "$in", "$nin"})
SALES = frozenset({"SuperUser", "Sales"})
BOOKKEEPING = frozenset({"SuperUser", "Bookkeeping"})
ANY_ROLE: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Collection:
    """The body of a listing before filter, sort and paging: put it into ``Answer(status=200, body=Collection(...))``.

    The protocol answers with ``collection``, ``pagination``, ``metaData`` and ``self`` on legacy routes, and with
    ``items`` and ``cursor`` on the OpenAPI services' routes.
    """

    #: Every item of the listing, as JSON objects.
    items: Sequence[Json]
    #: Dotted property -> operators allowed on it; a property that is absent cannot be filtered.
    filterable: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: Dotted properties that can be sorted by.
    sortable: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One operation on one path."""

    #: ``GET``, ``POST``, ``PUT``, ``PATCH`` or ``DELETE``.
    method: str
    #: For example ``/invoices/drafts/{draftInvoiceNumber}``; an OpenAPI service's starts with its name, for example
    #: ``/journalsapi/v15.0.0/journals``. A placeholder may be part of a segment: ``/vouchers/{year}-{voucherNumber}``.
    path: str
    handler: Handler
    #: Any one of these roles opens the route; empty: every role does. Else 403.
    roles: frozenset[str] = ANY_ROLE
    #: Dotted properties that the body may hold (``lines.product.productNumber``; parents are implied, list indexes left
    #: out, ``self`` known everywhere). Others are ignored and recorded as findings. None: not checked.
    fields: frozenset[str] | None = None
    #: Tokens that one call costs. e-conomic publishes no list; 3 was measured for a page of customers, August 2026.
    cost: int = 3
    #: Whether the body is ``multipart/form-data`` instead of JSON.
    upload: bool = False

    @property
    def service(self) -> bool:
        """Whether this belongs to an OpenAPI service (``apis.e-conomic.com``) and not to legacy REST."""
        return is_service(self.path)


def is_service(path: str) -> bool:
    """Return whether the path's first segment names an OpenAPI service: ``/journalsapi/v15.0.0/journals``."""
    return path.split("/", 2)[1].endswith("api") if "/" in path else False
