"""The way to end on a signal for which nothing better has been set up yet."""

import os
import sys
from types import FrameType
from typing import NoReturn


def end(_: int, frame: FrameType | None) -> NoReturn:
    """End in order; at once while a module is being loaded.

    The exception that ends a program in order is dropped where Python calls back by itself (``sys.unraisablehook``), as
    it does while it loads modules: the signal would be lost. So early nothing is under way that an end would harm.
    """
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            os._exit(0)
        frame = frame.f_back
    sys.exit(0)
