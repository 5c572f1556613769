"""A process that tells people, with leases of seconds: started to be killed.

Arguments: address of Redis, prefix, then the address of each channel.
"""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace

import redis
from pydantic import SecretStr
from support.harness import EXPORT

from config.exports import ExportConfig
from config.notify_section import Channel, Notify
from config.settings import Settings
from config.settings_sections import Certificates, Redis
from worker.notify.notifier import couriers
from worker.runtime.notifying import build_notifier
from worker.web.language import translations

#: Seconds.
LEASE, INTERVAL = 2.0, 0.05


def main(url: str, prefix: str, *addresses: str) -> None:
    """Look and send until killed."""
    notify = Notify(gather_seconds=0.1, look_seconds=INTERVAL, url=SecretStr(addresses[0]))
    settings = Settings().model_copy(
        update={"notify": notify, "redis": Redis(url=SecretStr(url), prefix=prefix), "environment": "production"}
        | {"certificates": Certificates(after_export=False)}
    )
    with redis.Redis.from_url(url) as client:
        notifier = build_notifier(settings, _exports(addresses[1:]), client, translations)
        assert notifier is not None
        notifier = replace(
            notifier,
            courier=replace(notifier.courier, lease=LEASE, pauses=replace(notifier.courier.pauses, first=0.2)),
        )
        notifier.watch.parts = ()
        pool = couriers()
        while True:
            notifier.turn(pool)
            time.sleep(INTERVAL)


def _exports(addresses: tuple[str, ...]) -> Mapping[str, ExportConfig]:
    channels = {}
    for number, address in enumerate(addresses):
        os.environ[f"CHANNEL_{number}"] = address
        channels[f"c{number}"] = Channel(url_env=f"CHANNEL_{number}", language="en")
    return {"main": EXPORT.model_copy(update={"channels": channels})}


if __name__ == "__main__":
    main(*sys.argv[1:])
