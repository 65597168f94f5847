"""The library's events: what happens in the organisation, acknowledged, and repeated where they are not."""

import unittest

from support.simulator import SIMULATOR, App, until

import dingtalk_stream
from dingtalk_stream import AckMessage


class Listens(dingtalk_stream.EventHandler):
    def __init__(self):
        super().__init__()
        self.heard, self.code = [], AckMessage.STATUS_OK

    async def process(self, event):
        self.heard.append(event)
        return self.code, "OK"

    def of(self, name):
        return [event for event in self.heard if event.headers.event_type == name]


class Events(unittest.TestCase):
    def setUp(self):
        self.app, self.listens = App(), Listens()
        self.app.client.register_all_event_handler(self.listens)
        self.app.connect()

    def test_an_event_is_heard_and_acknowledged(self):
        SIMULATOR.do("change_person", user_id="li", name="李四")
        (event,) = until(lambda: self.listens.of("user_modify_org"), "the event")
        self.assertEqual(event.data["userId"], ["li"])
        until(lambda: self.app.fared("user_modify_org") == ["acknowledged"], "the acknowledgement")
        SIMULATOR.do("change_person", user_id="li", name="Li Si")

    def test_an_event_that_is_refused_comes_again_under_its_id(self):
        self.listens.code = AckMessage.STATUS_SYSTEM_EXCEPTION
        SIMULATOR.do("remove_bot", person="li", chat=self.app.chat, app=self.app.client_id)
        until(lambda: len(self.listens.of("im_cool_app_uninstall")) > 1, "a second try")
        self.listens.code = AckMessage.STATUS_OK
        until(lambda: "acknowledged" in self.app.fared("im_cool_app_uninstall"), "the acknowledgement")
        events = self.listens.of("im_cool_app_uninstall")
        self.assertEqual(len({event.headers.event_id for event in events}), 1)
        self.assertEqual(events[0].data["openConversationId"], self.app.chat)
