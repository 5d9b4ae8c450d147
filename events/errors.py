"""What theme days refuse, each with its stable code."""

from network_api.errors import Conflict


class EventCancelled(Conflict):
    """The theme day will not take place."""

    code = "event_cancelled"
    detail = "This theme day has been cancelled."


class EventEnded(Conflict):
    """The theme day is over, and its registrations stay as they are."""

    code = "event_ended"
    detail = "This theme day is over."


class RegistrationNotOpen(Conflict):
    """It is too early to register."""

    code = "registration_not_open"
    detail = "Registration has not opened yet."


class RegistrationClosed(Conflict):
    """It is too late to register."""

    code = "registration_closed"
    detail = "Registration has closed."


class EventFull(Conflict):
    """Every seat of the mode is taken, or others wait for one already."""

    code = "event_full"
    detail = "All seats are taken. Send `wait: true` to join the waiting list."


class CapacityBelowTaken(Conflict):
    """There would be fewer seats than people who have one."""

    code = "capacity_below_taken"
    detail = "More seats are taken than that."


class QuotaTooLarge(Conflict):
    """There are not so many free seats to set apart."""

    code = "quota_too_large"
    detail = "There are not so many free seats to set apart."


class QuotaBelowTaken(Conflict):
    """A co-host's people hold more of the seats set apart than that."""

    code = "quota_below_taken"
    detail = "The co-host's people hold more seats than that."


class NotInvited(Conflict):
    """This network is not asked to arrange the theme day, or has declined."""

    code = "not_invited"
    detail = "This network is not invited, or has declined. Naming it in `co_hosts` again invites it anew."


class NoOffer(Conflict):
    """There is no offered seat to accept or decline: it was not offered, has lapsed, or has been answered."""

    code = "no_offer"
    detail = "No seat is offered now. An offer that is not answered in time goes to the next in the queue."


class MaterialGone(Conflict):
    """The upload took so long that it was given up."""

    code = "upload_given_up"
    detail = "The upload took too long. Send the file again."
