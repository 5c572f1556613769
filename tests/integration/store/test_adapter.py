"""The store on Redis keeps every rule, also when each script runs twice because its first answer was lost."""

from support.store.action_log_rules import ActionLogRules
from support.store.agreement_rules import AgreementRules
from support.store.batch_rules import BatchRules, CauseRules
from support.store.certificate_rules import CertificateRules
from support.store.clock_rules import ClockRules
from support.store.export_rules import ClaimOthersRules, ClaimRules, SaveRules
from support.store.frozen_rules import FrozenRules
from support.store.index_rules import IndexRules
from support.store.intake_rules import IntakeRules
from support.store.life_rules import LifeRules
from support.store.lost_rules import LostRules
from support.store.notice_rules import MessageRules, NoticeRules
from support.store.operator_rules import OperatorRules
from support.store.payment_rules import PaymentRules
from support.store.pin_rules import PinRules
from support.store.plan_rules import PlanRules
from support.store.preflight_rules import PreflightRules
from support.store.series_rules import SeriesRules
from support.store.shared_rules import SharedRules
from support.store.sweep_rules import SweepRules


class TestIntake(IntakeRules):
    """Events are taken in."""


class TestPreflight(PreflightRules):
    """A whole period is checked."""


class TestClaim(ClaimRules):
    """An invoice has one holder."""


class TestClaimOthers(ClaimOthersRules):
    """Several share a call."""


class TestSave(SaveRules):
    """The holder's word counts."""


class TestShared(SharedRules):
    """Customers and products are created once."""


class TestSweep(SweepRules):
    """Nothing stands still for good."""


class TestLost(LostRules):
    """A lost message is sent again."""


class TestOperator(OperatorRules):
    """A person looks and acts."""


class TestPins(PinRules):
    """An export writes to one agreement."""


class TestPlan(PlanRules):
    """What a plan reads."""


class TestCertificates(CertificateRules):
    """Certificates are written once, and leave work."""


class TestClocks(ClockRules):
    """What workers have seen of the clocks."""


class TestLife(LifeRules):
    """Which processes are alive."""


class TestSeries(SeriesRules):
    """Every number is reported once."""


class TestCauses(CauseRules):
    """Dead letters lie by cause."""


class TestBatches(BatchRules):
    """Many are moved as one act."""


class TestFrozen(FrozenRules):
    """A set is what was seen."""


class TestAgreements(AgreementRules):
    """What the checks of the agreements found is kept."""


class TestPayments(PaymentRules):
    """What was reported to Opter is reported once."""


class TestIndex(IndexRules):
    """A large period is shown without reading all of it."""


class TestActionLog(ActionLogRules):
    """What persons did is kept."""


class TestNotices(NoticeRules):
    """What people are told, once."""


class TestMessages(MessageRules):
    """What is sent, once."""
