"""Theme days: what a network arranges, on site, remotely or both, and who takes part.

*Mode*: how somebody takes part, `onsite` or `remote`; a mode that has no seats is not offered. *Seats*: per mode, how many
there are (no number: no limit), how many are taken, how many people wait. *Registration*: one person's place in one
theme day, confirmed, waitlisted or cancelled. *Queue*: those who wait, in the order in which they came, one number each.
*Phase*: where a theme day stands right now; it follows from the times and the seats and is never stored.
*Manage link*, *join link*: mailed to the participant only; they open their registration, and the door to the remote room.
*Ticket*: the signed QR code of a seat on site. *Ledger of attendance*: one entry for each source's word that somebody came
(the ticket, the door, a coordinator, the meeting's report); voided entries stay. What a registration says follows from it.
"""
