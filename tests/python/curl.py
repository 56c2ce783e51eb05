"""As much of curl as the commands need that a first start prints, so that a test of them needs no curl.

usage: curl.py -sS [--cacert FILE] URL [-H HEADER]... -d BODY|@-
"""

import argparse
import ssl
import sys
import urllib.request

parser = argparse.ArgumentParser()
parser.add_argument("-sS", action="store_true", required=True)
parser.add_argument("--cacert")
parser.add_argument("url")
parser.add_argument("-H", action="append", default=[], dest="headers")
parser.add_argument("-d", required=True, dest="body")
arguments = parser.parse_args()

body = sys.stdin.read() if arguments.body == "@-" else arguments.body
request = urllib.request.Request(arguments.url, data=body.encode(), method="POST")
for header in arguments.headers:
    name, _, value = header.partition(": ")
    request.add_header(name, value)
trust = ssl.create_default_context(cafile=arguments.cacert) if arguments.cacert else None
with urllib.request.urlopen(request, context=trust, timeout=30) as answer:
    sys.stdout.buffer.write(answer.read())
