"""Asks over TLS with the platform's own library, trusting the one certificate that is given.

usage: https.py URL CERTIFICATE
"""

import ssl
import sys
import urllib.error
import urllib.request

URL, CERTIFICATE = sys.argv[1:]

trusting = ssl.create_default_context(cafile=CERTIFICATE)
with urllib.request.urlopen(URL + "/healthz", context=trusting, timeout=30) as answer:
    assert answer.status == 200, answer.status

try:
    urllib.request.urlopen(URL + "/healthz", context=ssl.create_default_context(), timeout=30)
except urllib.error.URLError as error:
    assert isinstance(error.reason, ssl.SSLCertVerificationError), error
else:
    raise AssertionError("a certificate that nobody vouches for was accepted")
