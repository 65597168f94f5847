"""The library's robot: it hears, downloads, answers in the session, and connects again."""

import base64
import unittest
import urllib.request

from support.simulator import SIMULATOR, App, until

import dingtalk_stream
from dingtalk_stream import AckMessage, ChatbotMessage

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


class Robot(dingtalk_stream.ChatbotHandler):
    def __init__(self):
        super().__init__()
        self.heard, self.answers = [], []
        self.code = AckMessage.STATUS_OK

    async def process(self, callback):
        message = ChatbotMessage.from_dict(callback.data)
        self.heard.append(message)
        if message.message_type == "text":
            self.answers.append(self.reply_text(f"heard {message.text.content.strip()}", message))
        return self.code, "OK"

    def heard_one(self, id):
        return next((message for message in self.heard if message.message_id == id), None)


class Speaks(unittest.TestCase):
    def setUp(self):
        self.app, self.robot = App(), Robot()
        self.app.client.register_callback_handler(ChatbotMessage.TOPIC, self.robot)
        self.app.connect()

    def test_a_message_to_the_robot_is_heard_once_and_answered(self):
        self.app.speak("not for it", at=[])
        said = self.app.speak("你好")
        message = until(lambda: self.robot.heard_one(said), "the message")
        self.assertEqual((message.sender_staff_id, message.sender_nick), ("zhang", "张三"))
        self.assertEqual((message.conversation_type, message.conversation_title), ("2", "Sales"))
        self.assertTrue(message.is_in_at_list)
        until(lambda: self.app.fared(said) == ["acknowledged"], "the acknowledgement")
        until(lambda: self.robot.answers, "the answer")
        self.assertEqual(self.robot.answers[0]["errcode"], 0)
        answer = self.app.shown()[-1]
        self.assertEqual((answer["text"], answer["by"]), ("heard 你好", self.app.client_id))
        self.assertEqual([one.message_id for one in self.robot.heard], [said])

    def test_what_the_library_refuses_comes_again(self):
        self.robot.code = AckMessage.STATUS_SYSTEM_EXCEPTION
        said = self.app.speak("again")
        until(lambda: len(self.robot.heard) > 1, "a second try")
        self.robot.code = AckMessage.STATUS_OK
        until(lambda: "acknowledged" in self.app.fared(said), "the acknowledgement")
        self.assertEqual({message.message_id for message in self.robot.heard}, {said})

    def test_a_picture_and_words_are_read_and_the_picture_is_downloaded(self):
        upload = SIMULATOR.do("upload", kind="image", name="a.png", base64=base64.b64encode(PICTURE).decode())
        content = {"richText": [{"text": "look"}, {"type": "picture", "key": upload["key"]}]}
        said = SIMULATOR.do(
            "say", person="li", chat=self.app.chat, kind="richText", content=content, at=[self.app.client_id]
        )["message_id"]
        message = until(lambda: self.robot.heard_one(said), "the message")
        self.assertEqual(message.message_type, "richText")
        self.assertEqual(message.get_text_list(), ["look"])
        (code,) = message.get_image_list()
        url = self.robot.get_image_download_url(code)
        with urllib.request.urlopen(url) as answer:
            self.assertEqual(answer.read(), PICTURE)
        self.assertEqual(self.robot.get_image_download_url("another code"), "")

    def test_a_direct_chat_is_told_from_a_group(self):
        chat = SIMULATOR.do("enter", person="li", app=self.app.client_id)["chat_id"]
        said = self.app.speak("alone", person="li", chat=chat, at=[])
        message = until(lambda: self.robot.heard_one(said), "the message")
        self.assertEqual((message.conversation_type, message.text.content), ("1", "alone"))
        until(lambda: self.robot.answers, "the answer")
        self.assertEqual(self.app.shown(chat=chat)[-1]["text"], "heard alone")

    def test_it_connects_again_when_it_is_sent_away(self):
        self.assertEqual(SIMULATOR.do("disconnect", app=self.app.client_id)["disconnected"], 1)
        until(self.app.connections, "another connection")
        said = self.app.speak("still there?")
        until(lambda: self.robot.heard_one(said), "the message")


class Refused(unittest.TestCase):
    def test_another_secret_opens_no_connection_and_gives_no_token(self):
        app = App()
        app.client.credential.client_secret = "wrong"
        self.assertIsNone(app.client.open_connection())
        self.assertIsNone(app.client.get_access_token())
