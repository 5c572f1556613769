"""The program: ``opter-economic`` and ``python -m worker``, which end on a signal from their first moment on."""

import gc
import signal

from worker.signals import end

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main() -> None:
    """Run the command line. Its modules take a while to load, so they are loaded after the signals are heeded.

    The first process of a container never sees a signal that it has no handler for (``man 7 pid_namespaces``), unless
    it is held: the image starts us with both signals held, and here they are let through.
    """
    signal.signal(signal.SIGTERM, end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    # Loading modules leaves no garbage: to search for it all the while would take a fifth of a short command's time.
    gc.set_threshold(200_000)
    from worker.cli import main as run  # noqa: PLC0415  # see above

    run()


if __name__ == "__main__":
    main()
