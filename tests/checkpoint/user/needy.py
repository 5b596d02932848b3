"""Imports what is not installed."""

import no_such_library


def network():
    return no_such_library.Net()
