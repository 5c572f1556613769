"""e-conomic over HTTP: the only room that knows httpx."""

from worker.economic.client import EconomicClient
from worker.economic.meter import Meter
from worker.economic.slots import Timeouts
from worker.economic.wire import read_document

__all__ = ["EconomicClient", "Meter", "Timeouts", "read_document"]
