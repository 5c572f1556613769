"""e-conomic over HTTP: the only room that knows httpx."""

from worker.economic.client import EconomicClient
from worker.economic.deadline import DeadlineTransport
from worker.economic.meter import Meter
from worker.economic.slots import Timeouts

__all__ = ["DeadlineTransport", "EconomicClient", "Meter", "Timeouts"]
