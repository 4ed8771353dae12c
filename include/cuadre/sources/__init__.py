"""Where archives come from and where they are kept: transports (sftp, folder) and the store (folder, S3).

Transports list, stat and download; nothing else. The store never changes what it holds under an immutable key.
"""

from cuadre.sources.opening import open_store, open_transport
from cuadre.sources.store import Store
from cuadre.sources.transport import Downloaded, RemoteFile, Transport

__all__ = ["Downloaded", "RemoteFile", "Store", "Transport", "open_store", "open_transport"]
