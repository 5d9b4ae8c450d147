"""Kinds of organisations in the reader's language, as choices of a form."""

from flask_babel import gettext


def organisation_types() -> list[tuple[str, str]]:
    """Each kind with its name."""
    return [
        ("association", gettext("Association")),
        ("foundation", gettext("Foundation")),
        ("municipality", gettext("Municipality")),
        ("educational_institution", gettext("School, college or university")),
        ("employment_services", gettext("Employment services")),
        ("company", gettext("Company")),
        ("project", gettext("Project")),
        ("other", gettext("Something else")),
    ]
