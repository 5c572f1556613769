"""The demo's own folder, ports, exports file and settings; yours are not touched."""

import os
import shlex
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from config.settings import PREFIX, variable
from worker.local.demo.sample import EXPORT
from worker.local.demo.sandbox_export import Method, sandbox_export
from worker.sandbox.server import DEFAULT_TOKENS

#: How the period comes: on the queue, or as files in a watched folder; ``folder`` is ``json``.
SourceName: TypeAlias = Literal["queue", "folder", "json", "xml", "peppol", "csv", "xlsx"]
#: Sources whose files name no period: what came before some seconds of quiet is one.
UNNAMED: tuple[SourceName, ...] = ("peppol", "csv", "xlsx")

#: Name of the mapping that the files of some sources need.
MAPPING = "mapping.toml"
_TOKENS = """\
app_secret_token_file = "{folder}/app_secret_token"
grant_token_file = "{folder}/grant_token"
# What was fixed would go on by itself; here a person is seen to queue it.
self_clearing = "ask"
"""
_SOURCE = """\
[exports.{export}.source]
folder = "{folder}/files"
stable_seconds = 1
quiet_seconds = 4
{mapping}
[exports.{export}.codes.payment_conditions]
"Lb. md. + 30 dage" = "Løbende måned 30 dage"
"""


def exports_text(method: Method, *, folder: Path, sandbox: str, source: SourceName = "queue") -> str:
    """Return the exports file for a method; the tokens lie in ``folder``, ``sandbox`` is the address to call."""
    mapping = f'mapping = "{folder / MAPPING}"' if source in UNNAMED else ""
    return sandbox_export(
        method,
        heading="# The demo's only export: it goes to the sandbox.\n",
        tokens=_TOKENS.format(folder=folder),
        sandbox=sandbox,
        more=_SOURCE.format(export=EXPORT, folder=folder, mapping=mapping),
    )


#: Prefixes of environment variables that could lead the demo to a real installation or agreement.
_FOREIGN = (PREFIX, "REDIS_URL", "CELERY_", "FLOWER_")
_HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoFolder:
    """The demo's folder and addresses."""

    path: Path
    sandbox_port: int
    flower_port: int
    web_port: int
    method: Method
    source: SourceName

    @property
    def sandbox(self) -> str:
        """The sandbox's address."""
        return f"http://{_HOST}:{self.sandbox_port}"

    @property
    def page(self) -> str:
        """The page's address."""
        return f"http://{_HOST}:{self.web_port}"

    @property
    def exports_file(self) -> Path:
        """The exports file."""
        return self.path / "exports.toml"

    @property
    def printed(self) -> Path:
        """Folder of the invoices' PDFs."""
        return self.path / "printed"

    @property
    def watched(self) -> Path:
        """Folder that files come to."""
        return self.path / "files"

    @property
    def logs(self) -> Path:
        """Folder of the processes' logs."""
        return self.path / "logs"

    def settings(self, redis_url: str) -> Mapping[str, str]:
        """Return the settings that are the demo's own, as environment variables."""
        return {
            variable("environment"): "demo",
            variable("exports_file"): str(self.exports_file),
            variable("redis", "url"): redis_url,
            variable("flower", "port"): str(self.flower_port),
            variable("web", "port"): str(self.web_port),
            **({variable("intake", "allowed_folders"): str(self.printed)} if self.method == "voucher" else {}),
        }


@contextmanager
def demo_folder(folder: Path | None, method: Method, source: SourceName) -> Iterator[DemoFolder]:
    """Make the folder and what must be in it; a temporary one is removed in the end unless something went wrong."""
    path = Path(tempfile.mkdtemp(prefix="opter-economic-demo-")) if folder is None else folder.resolve()
    path.mkdir(parents=True, exist_ok=True)
    sandbox, flower, web = free_ports(3)
    demo = DemoFolder(path=path, sandbox_port=sandbox, flower_port=flower, web_port=web, method=method, source=source)
    demo.watched.mkdir(exist_ok=True)
    for name, token in zip(("app_secret_token", "grant_token"), DEFAULT_TOKENS, strict=True):
        (path / name).write_text(token, encoding="utf-8")
    text = exports_text(method, folder=path, sandbox=demo.sandbox, source=source)
    demo.exports_file.write_text(text, encoding="utf-8")
    yield demo
    if folder is None:
        shutil.rmtree(path, ignore_errors=True)


def environment_file(demo: DemoFolder, redis_url: str) -> Path:
    """Write the demo's settings to a file for a shell to read, so that commands in another terminal find the demo."""
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in demo.settings(redis_url).items()]
    file = demo.path / "environment"
    file.write_text("".join(lines), encoding="utf-8")
    return file


def isolate(settings: Mapping[str, str]) -> Mapping[str, str]:
    """Make these the only settings of this process and of those it starts; return the whole environment."""
    for name in [name for name in os.environ if name.upper().startswith(_FOREIGN)]:
        del os.environ[name]
    os.environ.update(settings)
    return dict(os.environ)


def free_ports(number: int) -> list[int]:
    """Return ports that nobody listens on, each another."""
    with ExitStack() as probes:
        sockets = [probes.enter_context(socket.socket()) for _ in range(number)]
        for probe in sockets:
            probe.bind((_HOST, 0))
        return [int(probe.getsockname()[1]) for probe in sockets]
