"""Mails with pictures, which Flask-Mail does not know."""

from collections.abc import Sequence
from email.mime.base import MIMEBase
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from typing import Any

from network_api.mail.message import Picture
from network_api.mail.transport import QuotedMessage


class PicturedMessage(QuotedMessage):
    """A message whose HTML part comes together with its pictures (multipart/related, RFC 2387), beside the other parts."""

    pictures: Sequence[Picture] = ()

    def _mimetext(self, text: str | None, subtype: str = "plain") -> Any:
        part = super()._mimetext(text, subtype)
        if subtype != "html" or not self.pictures:
            return part
        together = MIMEMultipart("related", type="text/html")
        together.attach(part)
        for picture in self.pictures:
            together.attach(_inline(picture))
        return together


def _inline(picture: Picture) -> MIMEBase:
    part = MIMEImage(picture.content, "png")
    part["Content-ID"] = f"<{picture.cid}>"
    part["Content-Disposition"] = "inline"
    return part
