"""The archive: periods that are complete, append-only, under a Merkle tree (RFC 6962)."""
