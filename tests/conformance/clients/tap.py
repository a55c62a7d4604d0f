"""Run a Singer tap as it is, with its requests to a vendor's host sent to another address.

REDIRECT holds "host=http://127.0.0.1:1234", several divided by commas.
"""

import importlib
import os
import sys
from urllib.parse import urlsplit, urlunsplit

import requests.adapters

ROUTES = dict(pair.split("=", 1) for pair in os.environ["REDIRECT"].split(","))
_send = requests.adapters.HTTPAdapter.send


def send(self, request, *args, **kwargs):
    url = urlsplit(request.url)
    if url.hostname in ROUTES:
        there = urlsplit(ROUTES[url.hostname])
        request.url = urlunsplit((there.scheme, there.netloc, url.path, url.query, url.fragment))
    return _send(self, request, *args, **kwargs)


requests.adapters.HTTPAdapter.send = send
module = importlib.import_module(sys.argv[1].replace("-", "_"))
sys.argv = sys.argv[1:]
module.main()
