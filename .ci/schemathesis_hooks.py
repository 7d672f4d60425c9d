"""What schemathesis may not leave to chance: its generators love short keys, and a key that came with another request is refused, as it should be."""
import itertools

import schemathesis

FIELD = "Idempotency-Key"
numbers = itertools.count()


@schemathesis.hook
def before_call(context, case, **kwargs):
    key = (case.headers or {}).get(FIELD)
    # One that is empty or too long is meant to be refused and stays as it is.
    if isinstance(key, str) and 0 < len(key) <= 100:
        case.headers[FIELD] = f"{key}-{next(numbers)}"
