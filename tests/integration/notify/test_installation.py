"""A whole installation tells people: a period with its certificate's sums, what is to be fixed, no worker."""

from pathlib import Path

from support.installation import Installation, event
from support.receivers import Webhook, mailbox, webhook
from support.samples import customer, invoice, line

KNOWN = customer(corporate_id="99000007")
#: A product group that the sandbox does not have.
MISSING = "3050"


def said(hook: Webhook) -> str:
    return "\n".join(str(body["message"]) for _, body in hook.taken)


def test_a_period_is_told_of_with_the_sums_read_in_economic(tmp_path: Path) -> None:
    """The finance department by mail in Danish, the operator by webhook in English; the log names no customer.

    One invoice fails; its group is made in e-conomic, it goes on by itself, and the period is told to be done.
    """
    with mailbox() as box, webhook() as hook:
        (tmp_path / "finance").write_text(
            f"mailto://127.0.0.1:{box.port}?from=o@h.example&to=a@b.example&mode=insecure"
        )
        finance = (
            f'channels.finance.url_file = "{tmp_path / "finance"}"',
            'channels.finance.kinds = ["period-done", "to-fix"]',
            'channels.finance.language = "da"',
            'self_clearing = "set-up"',
        )
        settings = {
            "notify__url": f"json://127.0.0.1:{hook.port}",
            "notify__language": "en",
            "notify__look_seconds": "0.3",
            "notify__gather_seconds": "0.1",
            "web__public_url": "https://opter.example.dk/",
            "self_clearing__first_pause": "1",
            "self_clearing__longest_pause": "1",
        }
        with Installation(tmp_path, exports={"main": "\n".join(finance)}, **settings) as running:
            test = running.command("notify", "test", expect=[0])
            running.start_all()
            running.push(
                event(
                    invoice(line(), invoice_number=100_001, customer=KNOWN),
                    invoice(line(account=MISSING), invoice_number=100_002, customer=KNOWN),
                )
            )
            running.wait_for(lambda: any("1 skal rettes" in str(mail["Subject"]) for mail in box.mails), "to fix")
            running.command("sandbox", "group", "add", MISSING)
            running.wait_for(lambda: any("er færdig" in str(mail["Subject"]) for mail in box.mails), "done")
            running.wait_for(lambda: "went on by themselves" in said(hook), "cleared")
            before = said(hook).count("No worker is running")
            running.kill("worker-1")
            running.wait_for(lambda: said(hook).count("No worker is running") == before + 1, "no worker")
            states = {each["channel"]: each for each in running.json("notify")}
            health = {each["part"]: each["level"] for each in running.json("health")["parts"]}
            log = running.log("intake")
    _, to_fix, done = box.texts()
    causes = [line for line in said(hook).split("\n") if line.startswith("New cause")]

    assert test.count("✓") == 2
    assert f": {MISSING}: 1 faktura, 1.250,00 DKK" in to_fix
    assert "https://opter.example.dk/periods/main-p881" in to_fix
    assert "Læst i e-conomic" in done
    assert "2 fakturaer, 2.500,00 DKK" in done
    assert "Ingen forskel mellem Opter og e-conomic." in done
    assert causes == [f"New cause of failures: Product groups missing in e-conomic: {MISSING}: 1 invoice, 1,250.00 DKK"]
    assert len(box.ids()) == len(set(box.ids()))
    assert len(hook.keys()) == len(set(hook.keys()))
    assert all(state["failures"] == 0 for state in states.values())
    assert health["Messages"] == "well"
    assert KNOWN.name not in log + to_fix + done
