"""The library's long connection: events, answers, cards, what goes wrong on the way."""

import asyncio
import json
import threading
import unittest

import lark_oapi as lark
from lark_oapi.api.im.v1 import (
    CreateMessageRequest,
    CreateMessageRequestBody,
    ReplyMessageRequest,
    ReplyMessageRequestBody,
)
from lark_oapi.event.callback.model.p2_card_action_trigger import P2CardActionTriggerResponse
from lark_oapi.ws import client as socket

from support.simulator import SECRET, Simulator, until

CARD = {
    "schema": "2.0",
    "header": {"title": {"tag": "plain_text", "content": "请假"}},
    "body": {
        "elements": [
            {
                "tag": "button",
                "text": {"tag": "plain_text", "content": "同意"},
                "behaviors": [{"type": "callback", "value": {"op": "yes", "req": "r1"}}],
            }
        ]
    },
}


class LongConnection(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.simulator = Simulator()
        cls.heard, cls.recalled, cls.pressed, cls.reactions = [], [], [], []
        cls.client = lark.Client.builder().app_id(cls.simulator.app).app_secret(SECRET).domain(cls.simulator.api).build()
        handler = (
            lark.EventDispatcherHandler.builder("", "")
            .register_p2_im_message_receive_v1(cls.answer)
            .register_p2_im_message_recalled_v1(lambda event: cls.recalled.append(event.event.message_id))
            .register_p2_im_message_reaction_created_v1(lambda event: cls.reactions.append(event.event))
            .register_p2_im_message_reaction_deleted_v1(lambda event: cls.reactions.append(event.event))
            .register_p2_card_action_trigger(cls.press)
            .build()
        )
        cls.line = socket.Client(cls.simulator.app, SECRET, event_handler=handler, domain=cls.simulator.api)
        # The library keeps one loop for the process; it lives in a thread that ends with it.
        threading.Thread(target=cls.run_line, daemon=True).start()
        until(cls.simulator.connections, "a connection")

    @classmethod
    def run_line(cls):
        asyncio.set_event_loop(socket.loop)
        cls.line.start()

    @classmethod
    def tearDownClass(cls):
        cls.simulator.close()

    @classmethod
    def answer(cls, event):
        message = event.event.message
        cls.heard.append(message.message_id)
        text = json.loads(message.content).get("text", "")
        if text != "answer me":
            return
        body = ReplyMessageRequestBody.builder().msg_type("text").content(json.dumps({"text": "here"}))
        request = ReplyMessageRequest.builder().message_id(message.message_id)
        answer = cls.client.im.v1.message.reply(request.request_body(body.uuid(message.message_id).build()).build())
        assert answer.success(), answer.msg

    @classmethod
    def press(cls, event):
        cls.pressed.append(event)
        return P2CardActionTriggerResponse(
            {
                "toast": {"type": "success", "content": "好"},
                "card": {"type": "raw", "data": {"schema": "2.0", "body": {"elements": []}}},
            }
        )

    def hears(self, message_id):
        until(lambda: message_id in self.heard, f"message {message_id}")

    def test_a_message_is_heard_and_answered_through_the_api(self):
        asked = self.simulator.speak("answer me")
        self.hears(asked)
        (answer,) = until(
            lambda: [one for one in self.simulator.shown() if one["parent"] == asked], "the answer"
        )
        self.assertEqual((answer["text"], answer["name"], answer["is_bot"]), ("here", "Bridge", True))

    def test_a_recall_and_a_reaction_are_heard(self):
        said = self.simulator.speak("oops")
        self.hears(said)
        self.simulator.do("react", person="li", message=said, emoji="THUMBSUP")
        self.simulator.do("recall", person="zhang", message=said)
        until(lambda: said in self.recalled, "the recall")
        (reaction,) = until(lambda: [one for one in self.reactions if one.message_id == said], "the reaction")
        self.assertEqual((reaction.reaction_type.emoji_type, reaction.operator_type), ("THUMBSUP", "user"))

    def test_a_pressed_button_is_answered_with_a_toast_and_another_card(self):
        body = CreateMessageRequestBody.builder().receive_id(self.simulator.chat).msg_type("interactive")
        body = body.content(json.dumps(CARD)).build()
        request = CreateMessageRequest.builder().receive_id_type("chat_id").request_body(body).build()
        sent = self.client.im.v1.message.create(request)
        self.assertTrue(sent.success(), sent.msg)
        card = sent.data.message_id
        seen = self.simulator.do("press", person="li", message=card, button="同意")
        self.assertEqual((seen["code"], seen["toast"]["content"], seen["card_changed"]), (0, "好", True))
        event = self.pressed[-1].event
        self.assertEqual(event.action.value, {"op": "yes", "req": "r1"})
        self.assertEqual(event.context.open_message_id, card)
        (shown,) = [one for one in self.simulator.shown() if one["message_id"] == card]
        self.assertEqual(shown["buttons"], [])

    def test_an_event_in_fragments_is_heard(self):
        for fault in ("socket.fragmented", "socket.fragments_reversed", "socket.fragments_repeated"):
            with self.subTest(fault):
                self.simulator.fail(fault)
                self.hears(self.simulator.speak(fault))

    def test_what_is_not_a_frame_does_not_end_the_connection(self):
        for fault in ("socket.garbage", "socket.truncated", "socket.pong_malformed", "socket.unknown_event"):
            with self.subTest(fault):
                self.simulator.fail(fault)
                self.hears(self.simulator.speak(fault))

    def test_an_event_whose_acknowledgement_is_lost_comes_again(self):
        self.simulator.fail("delivery.ack_ignored")
        said = self.simulator.speak("twice")
        until(lambda: self.heard.count(said) == 2, "the second time")
