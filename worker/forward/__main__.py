"""``python -m worker.forward``: the forwarder without its archive."""

from worker.forward.command import start

if __name__ == "__main__":
    start()
