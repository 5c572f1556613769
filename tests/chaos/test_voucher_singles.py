"""Any trouble at any effect of a voucher's export: one voucher, one file, the source's amount."""

import pytest
from support.chaos.voucher_singles import SCENARIOS, VoucherScenario, every_single, play


@pytest.mark.chaos
@pytest.mark.timeout(600)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_single_trouble(scenario: VoucherScenario) -> None:
    """Crashes, lost answers, late landings, outages, used keys; the next worker at once, in the key's hour, past it."""
    failed = {}
    for strikes, gap in every_single(scenario):
        wrong, _ = play(scenario, strikes, gap)
        if wrong:
            failed[strikes, gap] = wrong
    assert failed == {}
