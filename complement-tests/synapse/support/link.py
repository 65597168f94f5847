"""The way to a server's federation port, which a test can cut and heal.

Every connection to the link's port is carried to the port behind it; while the link is cut there is no
listener, and the connections that were open are gone.
"""

import socket
import threading

from common.process import free_port

CHUNK_BYTES = 65_536


class Link:
    """`port` is part of the server's name, `inner_port` is where the server listens."""

    def __init__(self):
        self.port = free_port()
        self.inner_port = free_port()
        self.lock = threading.Lock()
        self.open_sockets = set()
        self.listener = None
        self.heal()

    def heal(self):
        """Accepts connections from now on."""
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def cut(self):
        """Refuses and ends every connection."""
        # A listener that is merely closed goes on accepting as long as a thread waits in it.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            for carried in self.open_sockets:
                _end(carried)
            self.open_sockets.clear()

    def _accept(self, listener):
        while True:
            try:
                outer, _ = listener.accept()
            except OSError:
                if listener.fileno() == -1:
                    return
                continue
            try:
                inner = socket.create_connection(("127.0.0.1", self.inner_port))
            except OSError:
                # The server is down: who connects is refused at once and not left to wait.
                outer.close()
                continue
            with self.lock:
                self.open_sockets |= {outer, inner}
            for source, target in ((outer, inner), (inner, outer)):
                threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source, target):
        try:
            while chunk := source.recv(CHUNK_BYTES):
                target.sendall(chunk)
        except OSError:
            pass
        with self.lock:
            self.open_sockets -= {source, target}
        _end(source)
        _end(target)


def _end(carried):
    try:
        carried.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
