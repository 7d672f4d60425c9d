"""What schemathesis may not leave to chance.

Its generators love short keys, and a key that came with another request is refused, as it should be. And it makes up entity tags, now and then, without a look at
their pattern, and takes them for good ones.
"""
import itertools
import re

import schemathesis

KEY = "Idempotency-Key"
TAGS = re.compile(r'(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*"){0,31})')
numbers = itertools.count()


@schemathesis.hook
def before_call(context, case, **kwargs):
    headers = case.headers or {}
    key = headers.get(KEY)
    # One that is empty or too long is meant to be refused and stays as it is.
    if isinstance(key, str) and 0 < len(key) <= 128:
        headers[KEY] = f"{key[:100]}-{next(numbers)}"
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    for name, good in (("If-Match", "*"), ("If-None-Match", '"0"')):
        if isinstance(headers.get(name), str) and not TAGS.fullmatch(headers[name]):
            headers[name] = good
