"""What is kept about members: see `network_api.privacy`."""

from network_api.auth.documents import AccessToken, SignInCode
from network_api.members.documents import Consent, Introduction, Member, Organisation
from network_api.members.erasure_documents import Erased, Erasure
from network_api.privacy import CONSENT, DUTY, INTEREST, SERVICE, Field, Holding, Term

MEMBERSHIP = Term("until the member erases themselves")
WITHDRAWN = Term("until the consent is withdrawn")
CODE = Term("an hour")
SESSION = Term("after signing in", "SESSION_DAYS")
ERASING = Term("until the erasure is done, as a rule a moment")
_SHOWN = "To show it to those whom the member chose."
_AGREED = "To show that and how the member agreed (article 7(1))."

REGISTER = (
    Holding(
        Member,
        (
            Field(
                "email, email_key",
                "To sign the member in and to write to them; one member for each address.",
                SERVICE,
                MEMBERSHIP,
            ),
            Field(
                "name, organisation, region",
                "To know who it is, and to be found by those whom they chose.",
                SERVICE,
                MEMBERSHIP,
            ),
            Field("language", "To write in the language that they chose.", SERVICE, MEMBERSHIP),
            Field("network_ids", "To which networks they belong.", SERVICE, MEMBERSHIP),
            Field("is_administrator", "Who looks after the platform.", INTEREST, MEMBERSHIP),
            Field("directory, visible_to, search", _SHOWN, CONSENT, WITHDRAWN),
            Field("introduction", _SHOWN, CONSENT, WITHDRAWN),
        ),
    ),
    Holding(Organisation, (Field("name, type", "Where somebody works: as long as what it stands in.", SERVICE, MEMBERSHIP),)),
    Holding(Consent, (Field("audience, given_at, wording", _AGREED, DUTY, WITHDRAWN),)),
    Holding(
        Introduction,
        (
            Field("text, offers, wishes, introduced_at, visible_to, search", _SHOWN, CONSENT, WITHDRAWN),
            Field("consent, publish_in_newsletter, newsletter_consent_at", _AGREED, DUTY, WITHDRAWN),
        ),
    ),
    Holding(
        AccessToken,
        (
            Field("id, kind, member_id, expires_at", "To know who calls: beside the hash of a secret.", SERVICE, SESSION),
            Field(
                "name, scopes, public_id",
                "An API token, as its member named it.",
                SERVICE,
                Term("until its member deletes it"),
            ),
        ),
    ),
    Holding(
        SignInCode,
        (
            Field("id", "Whose code it is: a keyed hash of the address.", SERVICE, CODE),
            Field(
                "code_hash, code_expires_at, tries_left, issued, window_started_at, expires_at",
                "To let in who has the code, and to flood nobody's mailbox.",
                SERVICE,
                CODE,
            ),
        ),
    ),
    Holding(
        Erasure,
        (Field("member_id, email_key", "To know whom to erase.", DUTY, ERASING),),
        other="running, left, erased, finished_at",
    ),
    Holding(Erased, other="document, number"),
)
