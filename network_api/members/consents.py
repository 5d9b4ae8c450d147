"""What members consent to, word for word as in docs/consents.md, by the version in `CONSENT_WORDING`."""

from flask_babel import gettext


def directory_consents() -> list[tuple[str, str]]:
    """To whom I am shown in the directory, as choices; leaving it is one of them."""
    return [
        ("", gettext("I am not shown in the directory.")),
        ("network", gettext("My name, organisation and region are shown to the members of the networks that I belong to.")),
        ("members", gettext("My name, organisation and region are shown to all members who have signed in.")),
        ("public", gettext("My name, organisation and region are shown to everybody, also on the web without signing in.")),
    ]


def introduction_consents() -> list[tuple[str, str]]:
    """To whom my introduction is shown, as choices."""
    return [
        ("network", gettext("My introduction is shown to the members of the networks that I belong to.")),
        ("members", gettext("My introduction is shown to all members who have signed in.")),
        ("public", gettext("My introduction is shown to everybody, also on the web without signing in.")),
    ]


def newsletter_consent() -> str:
    """That a newsletter may carry the introduction, asked for separately."""
    return str(
        gettext(
            "My introduction may also appear in the newsletter. A letter that has been sent cannot be fetched back from its "
            "readers' inboxes, but the introduction leaves the letter's web version as soon as I withdraw my consent."
        )
    )


def change_of_mind() -> str:
    """What goes with the choice about the directory."""
    return str(
        gettext(
            "I can change my mind at any time. The change takes effect at once, and I can be a member without being in the "
            "directory."
        )
    )
