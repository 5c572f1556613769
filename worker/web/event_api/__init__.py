"""The address for machines: signed events and files in, what became of them out."""
