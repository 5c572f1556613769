"""The demo's exports file: one export, to the sandbox, by either method."""

from pathlib import Path
from typing import Literal, TypeAlias

from worker.cli.demo.sample import EXPORT
from worker.cli.demo.sample_vouchers import TAX_RATES
from worker.sandbox.seed import CLEARING, standard_agreement

Method: TypeAlias = Literal["invoice", "voucher"]

#: The journal that the vouchers go to.
JOURNAL = 1

_TEXT = """\
# The demo's only export: it goes to the sandbox.
[exports.{export}]
agreement = {agreement}
app_secret_token_file = "{folder}/app_secret_token"
grant_token_file = "{folder}/grant_token"
api_url = "{sandbox}"
openapi_url = "{sandbox}"
{start_text}
[exports.{export}.customers]
group = 21
layout = 17

[exports.{export}.codes.payment_conditions]
"Lb. md. + 30 dage" = "Løbende måned 30 dage"
{more}"""
#: Opter's own setting, as it stands there.
_START_TEXT = f'''\
start_text = """
exportMethod=voucher
journalNumber={JOURNAL}
"""
'''
_PAIRS = "\n".join(f'"{ours}" = "{theirs}"' for ours, theirs in TAX_RATES.items())
_VOUCHERS = f"""
[exports.{EXPORT}.codes.tax_rates]
{_PAIRS}

[exports.{EXPORT}.voucher]
clearing_account = {CLEARING}
"""


def exports_text(method: Method, *, folder: Path, sandbox: str) -> str:
    """Return the exports file for a method; the tokens lie in ``folder``, ``sandbox`` is the address to call."""
    vouchers = method == "voucher"
    return _TEXT.format(
        export=EXPORT,
        agreement=standard_agreement().number,
        folder=folder,
        sandbox=sandbox,
        start_text=_START_TEXT if vouchers else "",
        more=_VOUCHERS if vouchers else "",
    )
