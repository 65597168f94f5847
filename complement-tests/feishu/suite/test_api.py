"""The library's client of the API: tokens, messages, media, reactions, chats, people, refusals."""

import io
import json
import unittest

import lark_oapi as lark
from lark_oapi.api.contact.v3 import GetUserRequest
from lark_oapi.api.im.v1 import (
    CreateFileRequest,
    CreateFileRequestBody,
    CreateImageRequest,
    CreateImageRequestBody,
    CreateMessageReactionRequest,
    CreateMessageReactionRequestBody,
    CreateMessageRequest,
    CreateMessageRequestBody,
    DeleteMessageReactionRequest,
    DeleteMessageRequest,
    Emoji,
    GetChatMembersRequest,
    GetChatRequest,
    GetMessageResourceRequest,
    ListChatRequest,
    ListMessageRequest,
    UpdateMessageRequest,
    UpdateMessageRequestBody,
)

from support.simulator import SECRET, Simulator

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


class Api(unittest.TestCase):
    def setUp(self):
        self.simulator = Simulator()
        self.addCleanup(self.simulator.close)
        self.client = lark.Client.builder().app_id(self.simulator.app).app_secret(SECRET).domain(self.simulator.api).build()
        self.im = self.client.im.v1

    def send(self, kind, content, uuid=""):
        body = CreateMessageRequestBody.builder().receive_id(self.simulator.chat).msg_type(kind)
        body = body.content(json.dumps(content)).uuid(uuid).build()
        return self.im.message.create(CreateMessageRequest.builder().receive_id_type("chat_id").request_body(body).build())

    def sent(self, kind, content, uuid=""):
        answer = self.send(kind, content, uuid)
        self.assertTrue(answer.success(), f"{answer.code} {answer.msg}")
        return answer.data

    def test_a_message_is_sent_once_edited_and_taken_back(self):
        message = self.sent("text", {"text": "hello"}, "u1")
        self.assertEqual(self.sent("text", {"text": "hello"}, "u1").message_id, message.message_id)
        self.assertEqual((message.sender.id, message.sender.sender_type), (self.simulator.app, "app"))
        body = UpdateMessageRequestBody.builder().msg_type("text").content(json.dumps({"text": "changed"})).build()
        changed = self.im.message.update(UpdateMessageRequest.builder().message_id(message.message_id).request_body(body).build())
        self.assertTrue(changed.success() and changed.data.updated, changed.msg)
        (shown,) = self.simulator.shown()
        self.assertEqual((shown["text"], shown["edits"]), ("changed", 1))
        taken = self.im.message.delete(DeleteMessageRequest.builder().message_id(message.message_id).build())
        self.assertTrue(taken.success(), taken.msg)
        self.assertTrue(self.simulator.shown()[0]["recalled"])

    def test_history_is_read_page_by_page(self):
        said = [self.simulator.speak(f"line {number}") for number in range(5)]
        found, token = [], ""
        while True:
            request = ListMessageRequest.builder().container_id_type("chat").container_id(self.simulator.chat)
            page = self.im.message.list(request.sort_type("ByCreateTimeAsc").page_size(2).page_token(token).build())
            self.assertTrue(page.success(), page.msg)
            found += [item.message_id for item in page.data.items]
            token = page.data.page_token
            if not page.data.has_more:
                break
        self.assertEqual(found, said)

    def test_a_picture_and_a_file_go_up_and_come_down(self):
        body = CreateImageRequestBody.builder().image_type("message").image(io.BytesIO(PICTURE)).build()
        image = self.im.image.create(CreateImageRequest.builder().request_body(body).build())
        self.assertTrue(image.success(), image.msg)
        message = self.sent("image", {"image_key": image.data.image_key})
        request = GetMessageResourceRequest.builder().message_id(message.message_id).file_key(image.data.image_key)
        down = self.im.message_resource.get(request.type("image").build())
        self.assertTrue(down.success(), down.msg)
        self.assertEqual(down.file.read(), PICTURE)
        body = CreateFileRequestBody.builder().file_type("stream").file_name("报告.bin").file(io.BytesIO(PICTURE)).build()
        file = self.im.file.create(CreateFileRequest.builder().request_body(body).build())
        self.assertTrue(file.success(), file.msg)
        self.sent("file", {"file_key": file.data.file_key})
        self.assertEqual(self.simulator.shown()[-1]["content"]["file_name"], "报告.bin")

    def test_a_reaction_is_added_and_removed(self):
        said = self.simulator.speak("good?")
        emoji = Emoji.builder().emoji_type("THUMBSUP").build()
        body = CreateMessageReactionRequestBody.builder().reaction_type(emoji).build()
        added = self.im.message_reaction.create(
            CreateMessageReactionRequest.builder().message_id(said).request_body(body).build()
        )
        self.assertTrue(added.success(), added.msg)
        self.assertEqual(self.simulator.shown()[0]["reactions"], [{"emoji": "THUMBSUP", "by": self.simulator.app}])
        request = DeleteMessageReactionRequest.builder().message_id(said).reaction_id(added.data.reaction_id)
        removed = self.im.message_reaction.delete(request.build())
        self.assertTrue(removed.success(), removed.msg)
        self.assertEqual(self.simulator.shown()[0]["reactions"], [])

    def test_chats_members_and_people_are_known(self):
        (chat,) = self.im.chat.list(ListChatRequest.builder().build()).data.items
        self.assertEqual((chat.chat_id, chat.name), (self.simulator.chat, "Sales"))
        whole = self.im.chat.get(GetChatRequest.builder().chat_id(chat.chat_id).build()).data
        self.assertEqual((whole.chat_mode, whole.user_count, whole.bot_count), ("group", "2", "1"))
        members = self.im.chat_members.get(GetChatMembersRequest.builder().chat_id(chat.chat_id).build()).data
        self.assertEqual(sorted(member.name for member in members.items), ["Li Si", "张三"])
        member = next(member for member in members.items if member.name == "张三")
        request = GetUserRequest.builder().user_id(member.member_id).user_id_type("open_id").build()
        user = self.client.contact.v3.user.get(request).data.user
        self.assertEqual((user.name, user.email, user.open_id), ("张三", "zhang@corp.example", member.member_id))

    def test_refusals_carry_code_and_log_id(self):
        refused = self.send("text", {"text": "x" * (151 << 10)})
        self.assertEqual(refused.code, 230025)
        self.assertTrue(refused.get_log_id())
        self.simulator.fail("api.rate_limited", value=3)
        limited = self.send("text", {"text": "x"})
        self.assertEqual((limited.code, limited.raw.status_code), (99991400, 429))
        headers = {name.lower(): value for name, value in limited.raw.headers.items()}
        self.assertEqual(headers["x-ogw-ratelimit-reset"], "3")

    def test_a_wrong_secret_gives_no_token(self):
        client = lark.Client.builder().app_id("cli_b000000000000002").app_secret("wrong").domain(self.simulator.api).build()
        with self.assertRaises(Exception):
            client.im.v1.chat.list(ListChatRequest.builder().build())

