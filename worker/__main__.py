"""``python -m worker`` is ``opter-economic``."""

from worker.cli import main

main()
