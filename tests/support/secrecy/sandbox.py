"""A sandbox behind marked tokens: ``python sandbox.py PORT VARIABLE VARIABLE`` with app secret and grant token."""

import os
import sys

from worker.sandbox.seed import standard_agreement
from worker.sandbox.server import serve

if __name__ == "__main__":
    port, app, grant = sys.argv[1:]
    serve(port=int(port), agreements={(os.environ[app], os.environ[grant]): standard_agreement()})
