"""Code that signs user ids on a server, in five languages, to copy (Patchrooms, "Ingest", Identity).

Each sample is a complete file with one function, which takes a user id. The secret comes from the environment.
"""

from __future__ import annotations

from typing import NamedTuple


class Sample(NamedTuple):
    """`language` is one lowercase word, `title` the language's usual name. `code` ends with a line break."""

    language: str
    title: str
    code: str


SAMPLES = (
    Sample(
        "python",
        "Python",
        """\
import hashlib
import hmac
import os


def signature_of(user_id):
    secret = os.environ["IDENTITY_SECRET"]
    return hmac.new(secret.encode(), user_id.encode(), hashlib.sha256).hexdigest()
""",
    ),
    Sample(
        "javascript",
        "Node.js",
        """\
import { createHmac } from "node:crypto";

export function signatureOf(userId) {
  return createHmac("sha256", process.env.IDENTITY_SECRET).update(userId, "utf8").digest("hex");
}
""",
    ),
    Sample(
        "ruby",
        "Ruby",
        """\
require "openssl"

def signature_of(user_id)
  OpenSSL::HMAC.hexdigest("SHA256", ENV.fetch("IDENTITY_SECRET"), user_id)
end
""",
    ),
    Sample(
        "php",
        "PHP",
        """\
<?php

function signature_of(string $userId): string
{
    return hash_hmac('sha256', $userId, getenv('IDENTITY_SECRET'));
}
""",
    ),
    Sample(
        "go",
        "Go",
        """\
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"os"
)

func signatureOf(userID string) string {
	mac := hmac.New(sha256.New, []byte(os.Getenv("IDENTITY_SECRET")))
	mac.Write([]byte(userID))
	return hex.EncodeToString(mac.Sum(nil))
}
""",
    ),
)
