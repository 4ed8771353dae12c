"""Which messages are believed, and how they are opened safely."""

from cuadre.trust.home import private_home
from cuadre.trust.judging import Verdict, confirm, judge, judge_in, opened
from cuadre.trust.keyring import KeyWarning, check_keys, import_keys, list_keys
from cuadre.trust.listing import Key
from cuadre.trust.unpacking import Unpacking

__all__ = [
    "Key",
    "KeyWarning",
    "Unpacking",
    "Verdict",
    "check_keys",
    "confirm",
    "import_keys",
    "judge",
    "judge_in",
    "list_keys",
    "opened",
    "private_home",
]
