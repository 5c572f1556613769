"""The forwarder of files to ``POST /events``, for the machine where Opter writes them: Python's own library alone."""
