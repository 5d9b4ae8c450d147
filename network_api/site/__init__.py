"""The public site: the pages that show several features together, and what the site says about itself.

*Front page*, *network page*: what networks, theme days, newsletters and members tell everybody. *Statement*: the privacy
notice, and the accessibility statement with its feedback form.
"""
