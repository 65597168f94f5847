"""The library's webhook: it decrypts and checks what the simulator posts, and refuses what it must refuse."""

import http.server
import json
import threading
import unittest

import lark_oapi as lark
from lark_oapi.core.model import RawRequest
from lark_oapi.event.callback.model.p2_card_action_trigger import P2CardActionTriggerResponse

from support.simulator import ENCRYPT_KEY, Simulator, until


class Webhook(unittest.TestCase):
    def setUp(self):
        self.simulator = Simulator()
        self.addCleanup(self.simulator.close)
        self.heard, self.statuses, self.bodies = [], [], []
        handler = (
            lark.EventDispatcherHandler.builder(ENCRYPT_KEY, self.simulator.verification_token)
            .register_p2_im_message_receive_v1(lambda event: self.heard.append(event.event.message.message_id))
            .register_p2_card_action_trigger(
                lambda event: P2CardActionTriggerResponse({"toast": {"type": "info", "content": "seen"}})
            )
            .build()
        )
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.door(handler))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.simulator.do("use_webhook", app=self.simulator.app, url=f"http://127.0.0.1:{self.server.server_port}/events")

    def door(self, handler):
        test = self

        class Door(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                request = RawRequest()
                request.uri = self.path
                request.headers = {name: value for name, value in self.headers.items()}
                # The library looks its headers up by their documented case.
                for name in ("X-Lark-Request-Timestamp", "X-Lark-Request-Nonce", "X-Lark-Signature"):
                    if self.headers.get(name) is not None:
                        request.headers[name] = self.headers[name]
                request.body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = handler.do(request)
                test.statuses.append(answer.status_code)
                test.bodies.append(request.body)
                self.send_response(answer.status_code)
                self.send_header("Content-Length", str(len(answer.content or b"")))
                self.end_headers()
                self.wfile.write(answer.content or b"")

            def log_message(self, *_):
                pass

        return Door

    def test_events_are_decrypted_and_their_signature_holds(self):
        said = self.simulator.speak("你好 webhook")
        until(lambda: said in self.heard, "the message")
        self.assertEqual(self.statuses, [200, 200])
        for body in self.bodies:
            self.assertEqual(list(json.loads(body)), ["encrypt"])

    def test_what_was_tampered_with_is_refused_and_comes_again(self):
        for fault in ("webhook.wrong_signature", "webhook.tampered", "webhook.wrong_token", "webhook.wrong_key"):
            with self.subTest(fault):
                before = self.statuses.count(500)
                self.simulator.fail(fault)
                said = self.simulator.speak(fault)
                until(lambda: said in self.heard, "the message after its forgery")
                self.assertEqual(self.statuses.count(500), before + 1)
                self.assertEqual(self.heard.count(said), 1)

    def test_a_pressed_button_is_answered(self):
        token = self.simulator.token()
        card = {
            "schema": "2.0",
            "body": {
                "elements": [
                    {
                        "tag": "button",
                        "text": {"tag": "plain_text", "content": "OK"},
                        "behaviors": [{"type": "callback", "value": {"a": 1}}],
                    }
                ]
            },
        }
        sent = self.simulator.post(
            "/open-apis/im/v1/messages?receive_id_type=chat_id",
            {"receive_id": self.simulator.chat, "msg_type": "interactive", "content": json.dumps(card)},
            token,
        )
        seen = self.simulator.do("press", person="li", message=sent["data"]["message_id"], button="OK")
        self.assertEqual((seen["code"], seen["toast"]), (0, {"type": "info", "content": "seen"}))
