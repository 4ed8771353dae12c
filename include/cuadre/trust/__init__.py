"""Which messages are believed, and how they are opened safely."""

from cuadre.trust.containers import Container, unpack
from cuadre.trust.custody import KeyWarning, Severity, check_keys
from cuadre.trust.delivery import Delivery, take_in
from cuadre.trust.home import private_home
from cuadre.trust.judging import Verdict, confirm, judge, judge_in, opened
from cuadre.trust.keyring import import_keys, list_keys
from cuadre.trust.listing import Key
from cuadre.trust.unpacking import Unpacking

__all__ = [
    "Container",
    "Delivery",
    "Key",
    "KeyWarning",
    "Severity",
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
    "take_in",
    "unpack",
]
