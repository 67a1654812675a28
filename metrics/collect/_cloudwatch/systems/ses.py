"""SES: a whole account's mail, or that of one configuration set.

An account's sent, bounced, complained-of and rejected mails come from its send statistics (`mail.py`), which are
there without any set-up. The same counts in CloudWatch would feed each indicator twice, so only what the statistics
lack is asked for there. A configuration set has no statistics, so all of its counts come from CloudWatch.
"""

from __future__ import annotations

from typing import Final

from metrics.collect._cloudwatch.found import Found
from metrics.collect._cloudwatch.line import Line, Place, indicators, metrics
from metrics.collect._cloudwatch.reader import Reader
from metrics.collect._cloudwatch.refusal import RefusedError
from metrics.collect._cloudwatch.target import Target

__all__ = ["ACTIONS", "INDICATORS", "found"]

ACTIONS: Final = ("ses:GetSendQuota", "ses:GetSendStatistics")

# Reported only when there is one, as long as anything is sent.
_DELIVERY: Final = Line("mail.delivered", "Delivery", "Sum", zero_with="Send")
_COUNTS: Final = (
    Line("mail.sent", "Send", "Sum"),
    Line("mail.bounced", "Bounce", "Sum", zero_with="Send"),
    Line("mail.complaints", "Complaint", "Sum", zero_with="Send"),
    Line("mail.rejected", "Reject", "Sum", zero_with="Send"),
)
_REPUTATION: Final = (
    Line("mail.reputation.bounce_rate", "Reputation.BounceRate", "Average", scale=100),
    Line("mail.reputation.complaint_rate", "Reputation.ComplaintRate", "Average", scale=100),
)
INDICATORS: Final = indicators(*_COUNTS, _DELIVERY, *_REPUTATION)


def found(reader: Reader, target: Target) -> Found:
    """The account, or a configuration set: which of them there are, another permission would have to tell."""
    if target.ses is not True:
        place = Place(target, None, "AWS/SES", (("ses:configuration-set", str(target.ses)),))
        asked = tuple(metrics([*_COUNTS, _DELIVERY, *_REPUTATION], place))
        return Found(f"configuration set {target.ses}", asked)
    place = Place(target, None, "AWS/SES", ())
    asked = tuple(metrics([_DELIVERY, *_REPUTATION], place))
    try:
        reply = reader.reply("ses", "get_send_quota")
    except RefusedError as error:
        return Found("mail of the account", asked, lacking=(error,))
    most, rate = float(reply.get("Max24HourSend", -1)), float(reply.get("MaxSendRate", 0))
    quota = {
        # -1 says that there is no quota.
        "max_24_hour_send": most if most >= 0 else None,
        "max_send_rate": rate,
        "sent_last_24_hours": float(reply.get("SentLast24Hours", 0)),
    }
    said = f"{most:,.0f} mails in 24 hours" if most >= 0 else "no quota"
    return Found(f"mail of the account: {said}, {rate:,.0f} a second", asked, quota=quota)
