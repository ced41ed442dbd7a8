"""What S3 means by a refusal: something that every request would meet, or something about one object.

Two libraries talk to S3 here. boto3 has the code of an answer, obstore only a text with the answer in it.
What they make of an answer that is not S3's at all is told here too. A server's words are never passed on.
"""

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from nexus_reimport.exceptions import (
    AccessDenied,
    CertificateRefused,
    ConnectionFailed,
    NotFound,
    PermanentError,
    RequestRefused,
    WebPageAnswered,
)
from nexus_reimport.model.reasons.image_files import (
    ARCHIVED,
    CHANGED_MEANWHILE,
    ENCRYPTION_DENIED,
    FORBIDDEN,
    GONE,
    REFUSED,
    UNUSABLE_KEY,
)
from nexus_reimport.model.reasons.reason import Reason

REDIRECTED = "redirected"
_CERTIFICATE = "certificate"
_WEB_PAGE = "web_page"

_BY_CODE: dict[str, Reason] = {
    "InvalidObjectState": ARCHIVED,
    "NoSuchKey": GONE,
    "404": GONE,
    "PreconditionFailed": CHANGED_MEANWHILE,
    "412": CHANGED_MEANWHILE,
    "AccessDenied": FORBIDDEN,
    "KeyTooLongError": UNUSABLE_KEY,
    "InvalidURI": UNUSABLE_KEY,
}
_REGION = "Correct AWS_REGION, or AWS_ENDPOINT_URL_S3 where the bucket is not with AWS."
_KEY = "Correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
_OF_ALL: dict[str, tuple[type[PermanentError], str]] = {
    "NoSuchBucket": (NotFound, "There is no bucket «{bucket}». Correct AWS_S3_BUCKET_NAME."),
    "ExpiredToken": (
        AccessDenied,
        "The AWS session has expired. Sign in again and set its three values anew.",
    ),
    "InvalidToken": (AccessDenied, "S3 does not know AWS_SESSION_TOKEN. Correct it, or leave it out."),
    "RequestTimeTooSkewed": (
        RequestRefused,
        "This machine's clock is over 15 minutes wrong, so S3 refuses it. Set the clock, then run again.",
    ),
    "RequestExpired": (RequestRefused, "This machine's clock is wrong. Set the clock, then run again."),
    REDIRECTED: (
        RequestRefused,
        "The bucket «{bucket}» is in another region or at another address. " + _REGION,
    ),
    _CERTIFICATE: (
        CertificateRefused,
        "The certificate of AWS_ENDPOINT_URL_S3 is signed by nobody this machine trusts. Put its authority's "
        "certificate into AWS_CA_BUNDLE and SSL_CERT_FILE, or correct the address.",
    ),
    _WEB_PAGE: (
        WebPageAnswered,
        "No S3 server answered, but something with a page for people: a proxy or a login. Correct "
        "AWS_ENDPOINT_URL_S3, or the way there.",
    ),
}
_REDIRECTS = ("PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "301", "307", "308")
_OF_ALL |= dict.fromkeys(_REDIRECTS, _OF_ALL[REDIRECTED])
_OF_ALL |= dict.fromkeys(("ExpiredTokenException", "TokenRefreshRequired"), _OF_ALL["ExpiredToken"])
# Of a request that no answer came to: words of either library's error, and what they mean. obstore has them
# in the part of its text that is for debugging.
_UNREACHED = (
    ("dns error|NameResolutionError", "there is no host of the name in AWS_ENDPOINT_URL_S3"),
    ("ConnectionRefused", "the port of AWS_ENDPOINT_URL_S3 refuses the connection"),
    ("NetworkUnreachable|HostUnreachable", "there is no route to S3 from this machine"),
    (r"InvalidContentType|WRONG_VERSION_NUMBER", "what answers at AWS_ENDPOINT_URL_S3 speaks no TLS"),
    (
        "TimedOut|kind: Timeout|TimeoutError|timed out",
        "S3 does not answer in time at AWS_ENDPOINT_URL_S3",
    ),
    ("IncompleteMessage|ConnectionReset|ConnectionClosed", "what is at AWS_ENDPOINT_URL_S3 breaks off"),
    ("EndpointConnectionError|error sending request", "nothing is to be reached at AWS_ENDPOINT_URL_S3"),
)
_KEY_CODES = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch"})
_REFUSED_STATUSES = frozenset(range(400, 500)) - {401, 403, 404, 408, 412, 425, 429}
_MAY_PASS = frozenset({"RequestTimeout", "SlowDown", "OperationAborted", "TooManyRequests"})


@dataclass(frozen=True)
class Answer:
    """What an error of either library says: S3's code, else the status, else the error's name; the status.

    names_encryption: whether the answer speaks of the key service, which denies under S3's own code.
    unreached: why there is no answer at all.
    """

    code: str
    status: int = 0
    names_encryption: bool = False
    unreached: str = ""

    @property
    def object_fault(self) -> Reason | None:
        """Why the one object that was asked for is not to be had; None where it is not about one object."""
        if self.code in _OF_ALL or self.code in _KEY_CODES or self.code in _MAY_PASS:
            return None
        if self.code.startswith("KMS.") or (self.code == "AccessDenied" and self.names_encryption):
            return ENCRYPTION_DENIED
        return _BY_CODE.get(self.code) or (REFUSED if self.status in _REFUSED_STATUSES else None)

    def of_all(self, bucket: str) -> PermanentError | None:
        """Return what every request would meet, as an error in our words; None where it is none of those."""
        if self.code not in _OF_ALL:
            return None
        kind, says = _OF_ALL[self.code]
        named = "" if self.code in (REDIRECTED, _CERTIFICATE, _WEB_PAGE) else f" ({self.code})"
        return kind(says.format(bucket=bucket) + named)

    def listing_refusal(self, bucket: str) -> PermanentError | ConnectionFailed:
        """Return why a bucket could not be listed, with what to do about it."""
        if known := self.of_all(bucket):
            return known
        if self.code == "404":
            return NotFound(f"There is no bucket «{bucket}». Correct AWS_S3_BUCKET_NAME.")
        refused = f"The bucket «{bucket}» may not be listed ({self.code})."
        if self.code in _KEY_CODES:
            return AccessDenied(f"{refused} {_KEY}")
        if self.code in ("AccessDenied", "AllAccessDisabled", "401", "403"):
            return AccessDenied(f"{refused} Give the AWS key the right s3:ListBucket, or correct the key.")
        why = self.unreached or f"({self.code}). Run again when S3 answers"
        return ConnectionFailed(f"The bucket «{bucket}» could not be listed: {why}.")


def answer_of(error: BaseException) -> Answer:
    """Return what an error of boto3 or obstore says."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        told = error.response.get("Error", {})
        if told.get("Code") == "500" and _is_html(error.response):
            return Answer(_WEB_PAGE)
        code = str(told.get("Code", status))
        if error.operation_name == "HeadObject" and code == "403":
            # The answer to a head has no body, so no code of S3's own.
            code = "AccessDenied"
        return Answer(code, status, "kms" in str(told.get("Message", "")).lower())
    if isinstance(error, RecursionError) or "maximum recursion depth" in str(error):
        # botocore follows a redirect that does not say where to, again and again, and may say so as its own.
        return Answer(REDIRECTED)
    if isinstance(error, KeyError):
        # botocore read an answer that has none of what S3's have.
        return Answer(_WEB_PAGE)
    name, text = type(error).__name__, str(error)
    if name == "SSLError" or "certificate" in text.lower():
        return Answer(_CERTIFICATE)
    if isinstance(error, BotoCoreError):
        code = _WEB_PAGE if name == "ResponseParserError" else name
        return Answer(code, unreached=why_unreached(f"{name} {text}"))
    return _in_text(name, text)


def why_unreached(text: str) -> str:
    """Return why no answer came, from the words of a library's error; empty where one came."""
    return next((why for words, why in _UNREACHED if re.search(words, text)), "")


def _is_html(response: Any) -> bool:
    """Say whether a page came that is no XML: botocore then makes an error 500 of a status 200."""
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(headers.get("content-type", "")).startswith("text/html")


def _in_text(name: str, text: str) -> Answer:
    if "without LOCATION" in text or "following redirect" in text:
        return Answer(REDIRECTED)
    if "invalid list response" in text:
        return Answer(_WEB_PAGE)
    status = re.search(r"status code: (\d{3})", text)
    code = re.search(r"<Code>([A-Za-z0-9.]{1,60})</Code>", text)
    if not status and not code:
        return Answer(name, unreached=why_unreached(text))
    number = int(status[1]) if status else 0
    return Answer(code[1] if code else str(number), number, "kms" in text.lower())


def web_page(bucket: str) -> PermanentError:
    """Return the refusal of an answer that is none of S3's, though its status is 200."""
    return Answer(_WEB_PAGE).of_all(bucket) or WebPageAnswered(HTTPStatus.OK.phrase)
