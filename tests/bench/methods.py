"""The methods of export that are measured."""

from bench.invoices import of_known_customers
from bench.method import Method

METHODS = (Method(name="invoice", entry="", settings=lambda _: {}, invoices=of_known_customers),)
