"""The real binary under the name that these tests know."""

from common.lianqiao import Lianqiao

SERVER_NAME = "nio.example"


class Server(Lianqiao):
    """A server of its own."""

    def __init__(self):
        super().__init__("nio", SERVER_NAME)
