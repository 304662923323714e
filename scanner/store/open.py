"""Which store the owner means."""

import os
from collections.abc import Callable
from pathlib import Path

from scanner.config import load
from scanner.model.errors import InputError
from scanner.model.text import say
from scanner.store.place import NONE, place_of
from scanner.store.store import Store, unheard


def open_store(url: str | None = None, tell: Callable[[str], None] = unheard) -> Store:
    """The store at ``url``: a file or the URL of a database. None: what V6EXPOSE_STORE or a configuration file says,
    else ``runs.db`` in the state directory.

    Nothing is opened or made yet. Raises InputError for a URL that cannot be one, and where the store is switched off.
    """
    chosen = url if url is not None else load({}, os.environ, None, Path.cwd()).store
    if chosen == NONE:
        raise InputError(
            say('the store is switched off (store = "none")'), say("name one: --store FILE or V6EXPOSE_STORE")
        )
    return Store(place_of(chosen), tell)
