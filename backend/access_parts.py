"""Joins what decides who a caller is, what they need a person's consent for, and what is recorded of it."""

from dataclasses import dataclass

from backend.config import Settings
from backend.database import Database
from backend.repositories.approvals import ApprovalRows
from backend.repositories.audit import AuditRows
from backend.repositories.sessions import Sessions
from backend.repositories.tokens import Tokens as TokenRows
from backend.repositories.users import Users
from backend.services.access import Access
from backend.services.activity import Activity
from backend.services.approvals import Approvals
from backend.services.audit import Audit
from backend.services.consent import Consent
from backend.services.credentials import ConfiguredTokens
from backend.services.setup_code import SetupCode
from backend.services.sign_ins import SignIns
from backend.services.tokens import Tokens


@dataclass(frozen=True, slots=True)
class AccessParts:
    consent: Consent
    audit: Audit
    approvals: Approvals
    activity: Activity
    sign_ins: SignIns
    access: Access


def join_access(settings: Settings, database: Database) -> AccessParts:
    """Raises ValueError for a configured token that is unfit."""
    audit_rows, approval_rows, sessions = AuditRows(database), ApprovalRows(database), Sessions(database)
    consent = Consent(approval_rows)
    audit = Audit(audit_rows, consent=consent)
    return AccessParts(
        consent=consent,
        audit=audit,
        approvals=Approvals(approval_rows, audit),
        activity=Activity(audit_rows, audit),
        sign_ins=SignIns(sessions, audit),
        access=Access(
            users=Users(database),
            sessions=sessions,
            tokens=Tokens(
                TokenRows(database),
                audit,
                configured=ConfiguredTokens(settings.orchestrator_token, settings.orchestrator_token_file),
            ),
            audit=audit,
            setup_code=SetupCode(settings.state_dir / "setup-code"),
        ),
    )
