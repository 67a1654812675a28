"""What AWS means when it refuses, in sentences that a person can act on."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

from metrics.collect.http import RETRIED
from metrics.errors import SourceError

__all__ = ["NotAllowedError", "RefusedError", "goes_stale", "is_throttled", "refusal"]

_THROTTLED: Final = frozenset(
    {
        *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException"),
        *("TooManyRequestsException", "RequestLimitExceeded", "LimitExceededException", "SlowDown"),
        *("PriorRequestNotComplete", "EC2ThrottledException", "BandwidthLimitExceeded"),
    }
)
_DENIED: Final = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Client.UnauthorizedOperation"),
        *("NotAuthorizedException", "NotAuthorized", "AuthorizationError", "UnauthorizedAccess"),
    }
)
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
_CLOCK: Final = frozenset(
    {
        *("InvalidSignatureException", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "RequestExpired"),
        *("RequestInTheFuture", "InvalidSignature"),
    }
)
_WRONG: Final = frozenset(
    {
        *("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"),
        *("MissingAuthenticationToken", "MissingAuthenticationTokenException", "IncompleteSignature"),
        *("InvalidToken", "OptInRequired", "SubscriptionRequiredException", "NotSignedUp"),
    }
)
_WHO: Final = re.compile(r"\b(arn:aws[\w-]*:(?:iam|sts)::\S+?)[,.]?(?:\s|$)")
_WHAT: Final = re.compile(r"not authorized to perform:? (?:this operation: )?([\w-]+:\w+)")
_TIME: Final = re.compile(r"expired|earlier than|later than|skew|in the future|not yet current|too large", re.I)
_LONGEST = 200


class RefusedError(SourceError):
    """AWS refused one call; the others may work. `code` is AWS's own word for the reason."""

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text, retryable=False)
        self.code = code


class NotAllowedError(RefusedError):
    """A permission is missing: `action` for `principal`."""

    def __init__(self, action: str, principal: str, said: str = "") -> None:
        mend = "add it to the policy"
        if "explicit deny" in said:
            mend = "a policy denies it explicitly, so ask whoever keeps it"
        super().__init__(f"{action} is not allowed for {principal}: {mend}", "AccessDenied")
        self.action, self.principal = action, principal


def is_throttled(answer: Mapping[str, Any]) -> bool:
    """Whether the same call may be made again in a while. What the polite client has tried already is not."""
    return _code(answer) in _THROTTLED and _status(answer) not in RETRIED


def goes_stale(answer: Mapping[str, Any]) -> bool:
    """Whether new credentials and a new signature may help: the old ones were good once, or waited too long."""
    return _code(answer) in _EXPIRED | _CLOCK


def refusal(answer: Mapping[str, Any], action: str) -> SourceError:
    """The error to raise for botocore's `ClientError.response`."""
    code, said = _code(answer), str(answer.get("Error", {}).get("Message", ""))[:_LONGEST].strip()
    if code in _DENIED:
        who, what = _WHO.search(said), _WHAT.search(said)
        return NotAllowedError(what[1] if what else action, who[1] if who else "these credentials", said)
    if code in _EXPIRED:
        return SourceError(
            f"AWS says that the credentials have expired ({code}) and there are no newer ones: renew them, or use "
            "`role_arn` or a profile that renews itself",
            retryable=False,
        )
    if code in _CLOCK:
        return SourceError(_about_the_clock(answer, said), retryable=False)
    if code in _WRONG:
        return SourceError(
            f"AWS does not know these credentials ({code}): check `access_key_id`, `secret_access_key` and "
            "`session_token`, or the profile or role that stands for them",
            retryable=False,
        )
    if code in _THROTTLED:
        return SourceError(f"{action} is throttled ({code}); it is asked again next time")
    if _status(answer) in RETRIED:
        return SourceError(f"AWS answers {action} with {_status(answer)} {code} again and again: {said}"[:300])
    if code.isdigit():  # botocore's word for an answer without a code in it
        return SourceError(
            f"{action} was answered with HTTP {code} by something that is not AWS ({said!r}): check `endpoint_url`, "
            "or any proxy",
            retryable=False,
        )
    return RefusedError(f"{action} was refused: {code}: {said}"[:300], code)


def _about_the_clock(answer: Mapping[str, Any], said: str) -> str:
    """AWS accepts signatures that are at most five minutes old, by its own clock."""
    theirs = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    off = ""
    if theirs:
        try:
            seconds = time.time() - parsedate_to_datetime(theirs).timestamp()
        except ValueError:
            seconds = 0.0
        if abs(seconds) >= 60:
            off = f" (it is {abs(seconds) / 60:.0f} min {'ahead' if seconds > 0 else 'behind'})"
    if off or _TIME.search(said):
        return f"this machine's clock differs too much from AWS's{off}: set it by NTP"
    return "the signature does not fit: check `secret_access_key`, and that this machine's clock is right"


def _code(answer: Mapping[str, Any]) -> str:
    return str(answer.get("Error", {}).get("Code", ""))


def _status(answer: Mapping[str, Any]) -> int:
    return int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
