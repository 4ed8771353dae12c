"""Every error this product raises on purpose.

    CuadreError
    ├── Terminal                  trying again cannot help
    │   ├── Refusal               the input is refused; exit code 3
    │   │   ├── ArchiveRejected   carries a RejectionReason
    │   │   ├── GateClosed        a critical expectation failed
    │   │   └── ReceiptInvalid
    │   ├── ConfigurationError    wrong settings or usage; exit code 2
    │   ├── ArchiveMissing        nothing arrived before the cut-off
    │   ├── ArchiveIncomplete     a part or a sequence number is missing at the cut-off
    │   ├── HostKeyRefused        the server did not show the pinned key
    │   ├── SettlementDateUnknown nobody said which day the run is for
    │   ├── StoreDamaged          the store holds other bytes than it should
    │   ├── Overtaken             another run has reconciled the day since
    │   ├── JournalBroken         the chain of the journal does not hold
    │   └── ControlSumMismatch    what the warehouse holds is not what was sent
    └── Transient                 a later try may succeed
        ├── SourceUnavailable     server or network
        ├── ArchiveUnstable       the file is still being written
        ├── ArchiveAwaited        not all of the day is there, and the cut-off has not passed
        ├── WarehouseUnavailable
        ├── EngineUnavailable     the Spark cluster could not be reached or gave up
        └── SigningFailed         GnuPG could not sign a receipt

Messages are for people: what is wrong and what to do. They never hold a plaintext line, a secret or personal data.
"""

from __future__ import annotations

from cuadre.model.codes import RejectionReason


class CuadreError(Exception):
    """Base of everything below; catch it only at the edge (command line, Airflow adapter)."""


class Terminal(CuadreError):
    """Retrying the same input gives the same error."""


class Refusal(Terminal):
    """The input was understood and refused."""


class ArchiveRejected(Refusal):
    """An archive failed admission.

    `reason` is the code others script against; `detail` says what was seen and what to do.
    """

    def __init__(self, reason: RejectionReason, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail or reason.advice
        super().__init__(f"{reason.name}: {self.detail}")

    def __reduce__(self) -> tuple[type[ArchiveRejected], tuple[RejectionReason, str]]:
        return type(self), (self.reason, self.detail)


class GateClosed(Refusal):
    """At least one critical expectation failed; nothing of the day is published."""


class ReceiptInvalid(Refusal):
    """A receipt does not agree with what it describes."""


class ConfigurationError(Terminal):
    """A source file, a setting or the usage is wrong."""


class ArchiveMissing(Terminal):
    """The cut-off passed and the provider has delivered nothing for the day."""


class ArchiveIncomplete(Terminal):
    """The cut-off passed and some parts of the day are missing, or two claim the same place."""


class HostKeyRefused(Terminal):
    """The server's host key is unknown or not the pinned one; nothing was sent."""


class SettlementDateUnknown(Terminal):
    """The run carries no settlement date."""


class StoreDamaged(Terminal):
    """What the store holds under an immutable name is not what was put there, or is gone."""


class Overtaken(Terminal):
    """Another run has reconciled the same day since; what that one found counts."""


class JournalBroken(Terminal):
    """A record of the journal does not carry the hash of the one before."""


class ControlSumMismatch(Terminal):
    """Sums read back from the warehouse before commit differ from those sent; rolled back."""


class Transient(CuadreError):
    """A later try may succeed."""


class SourceUnavailable(Transient):
    """The provider's server could not be reached or broke off."""


class ArchiveUnstable(Transient):
    """The remote file changed while it was read."""


class ArchiveAwaited(Transient):
    """Not all archives of the day are there yet, and the cut-off has not passed."""


class WarehouseUnavailable(Transient):
    """The warehouse could not be reached or broke off; nothing was committed."""


class EngineUnavailable(Transient):
    """The cluster that should run the models could not be reached, or gave up."""


class SigningFailed(Transient):
    """GnuPG could not sign just now; what was to be signed stands, and is signed by a later try."""


class OpeningStopped(Transient):
    """GnuPG was ended from outside while it read an archive; nothing is known of the archive."""
