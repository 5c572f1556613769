"""An export that goes to the sandbox, as it stands in an exports file: the demo's and the rehearsal's alike."""

from typing import Literal, TypeAlias

from worker.local.demo.sample import EXPORT
from worker.local.demo.sample_vouchers import TAX_RATES
from worker.sandbox.seed import CLEARING, standard_agreement

Method: TypeAlias = Literal["invoice", "voucher"]

#: The journal that the vouchers go to.
JOURNAL = 1

_EXPORT = """\
{heading}[exports.{export}]
agreement = {agreement}
{tokens}api_url = "{sandbox}"
openapi_url = "{sandbox}"
{start_text}
[exports.{export}.customers]
group = 21
layout = 17

{more}{vouchers}"""
#: Opter's own setting, as it stands there.
_START_TEXT = f'''\
start_text = """
exportMethod=voucher
journalNumber={JOURNAL}
"""
'''
_TAX_RATES = "\n".join(f'"{ours}" = "{theirs}"' for ours, theirs in TAX_RATES.items())
_VOUCHERS = f"""
[exports.{EXPORT}.codes.tax_rates]
{_TAX_RATES}

[exports.{EXPORT}.voucher]
clearing_account = {CLEARING}
"""


def sandbox_export(method: Method, *, heading: str, tokens: str, sandbox: str, more: str = "") -> str:
    """Return an exports file whose only export calls the address ``sandbox``.

    ``heading`` is what stands above it, ``tokens`` the lines that name its tokens, ``more`` further tables.
    """
    vouchers = method == "voucher"
    return _EXPORT.format(
        heading=heading,
        export=EXPORT,
        agreement=standard_agreement().number,
        tokens=tokens,
        sandbox=sandbox,
        start_text=_START_TEXT if vouchers else "",
        more=more,
        vouchers=_VOUCHERS if vouchers else "",
    )
