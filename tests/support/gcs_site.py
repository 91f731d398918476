"""Google Cloud Storage as far as its interface is S3's: the local S3 server behind a translator of Google's headers.

No server that honours Google's precondition can be had from a package registry. What is real here is the client: that
it asks for the precondition, and what it makes of the answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from s3_site import Headers, faulty_proxy

OWNER = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request"
NAMES = {"x-goog-copy-source": "x-amz-copy-source"}


@contextmanager
def gcs_site(s3: str) -> Iterator[str]:
    """The translator before the S3 server at this address; yields its own."""
    with faulty_proxy(s3, translated) as proxy:
        yield proxy.address


def gcs_environment(address: str) -> dict[str, str]:
    """The variables with which obstore finds the server, and asks nobody who it is."""
    keys = {"client_email": "", "private_key": "", "private_key_id": ""}
    account = {"gcs_base_url": address, "disable_oauth": True, **keys}
    return {"GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps(account), "GOOGLE_ALLOW_HTTP": "true"}


def translated(headers: Headers) -> Headers:
    """Google's headers as S3's: "only where no generation is there" is "only where nothing matches"."""
    found = {NAMES.get(name.lower(), name.lower()): value for name, value in headers.items()}
    generation = found.pop("x-goog-if-generation-match", None)
    if generation not in (None, "0"):
        raise ValueError(f"a generation is asked for that S3 does not know: {generation}")
    return {**found, "authorization": OWNER, **({"if-none-match": "*"} if generation else {})}
