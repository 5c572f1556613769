"""A loud word about exports that do not go to e-conomic: what is exported there is in nobody's books."""

from rich.text import Text

from worker.cli.tools import Tools


def warn_elsewhere(tools: Tools) -> None:
    """Say so on standard error, where it disturbs no script."""
    for name, address in tools.elsewhere().items():
        told = Text.assemble(
            (f"Export {name} does not go to e-conomic but to {address}: ", "bad"), "nothing of it is in your books."
        )
        tools.err.print(told, soft_wrap=True)
