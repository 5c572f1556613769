"""Settings and exports file of an installation."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.exports import ExportConfig
    from config.settings import Settings

__all__ = ["Configuration"]


class Configuration:
    """What one process reads of its configuration, each part at its first use.

    The models are imported then as well: ``opter-economic --help`` needs neither them nor pydantic.
    """

    @cached_property
    def language(self) -> str:
        """The language of the person at the terminal: ``da`` or ``en``."""
        from config.spoken import spoken  # noqa: PLC0415  # see above

        return spoken(os.environ)

    @cached_property
    def settings(self) -> Settings:
        """The settings. Raises ``ConfigurationErrors``."""
        from config.settings import load_settings  # noqa: PLC0415  # see above

        return load_settings()

    @cached_property
    def exports(self) -> Mapping[str, ExportConfig]:
        """The exports file: name -> export. Raises ``ConfigurationErrors``."""
        from config.exports_file import load_exports  # noqa: PLC0415  # see above
        from config.settings import SECRETS  # noqa: PLC0415  # see above

        return load_exports(self.settings.exports_file, env=os.environ, secrets=SECRETS)

    def export_with(self, name: str, grant: str) -> ExportConfig:
        """Return an export as it would be with this grant token. Raises ``ConfigurationErrors``."""
        from config.exports_file import load_with_grant  # noqa: PLC0415  # see above
        from config.settings import SECRETS  # noqa: PLC0415  # see above

        return load_with_grant(self.settings.exports_file, name, grant, env=os.environ, secrets=SECRETS)

    def grant_file(self, name: str) -> Path:
        """Return the file that holds an export's grant token. Raises ``ConfigurationErrors`` where no file does."""
        from config.exports_file import grant_file  # noqa: PLC0415  # see above
        from config.settings import SECRETS  # noqa: PLC0415  # see above

        return grant_file(self.settings.exports_file, name, secrets=SECRETS)
