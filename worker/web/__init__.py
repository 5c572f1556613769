"""The page for bookkeeper and operator."""
