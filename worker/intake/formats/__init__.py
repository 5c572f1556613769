"""The formats that invoices come in, beside our JSON: each a reader in a file of its own, behind one port."""
