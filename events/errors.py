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
