"""The library's cards: made, pressed, answered, changed."""

import json
import unittest

from support.simulator import SIMULATOR, App, until

import dingtalk_stream
from dingtalk_stream import AckMessage, CardCallbackMessage, CardReplier, ChatbotMessage

BUTTONS = json.dumps([{"id": "ok", "text": "同意", "params": {"action": "agree"}}])


class Offers(dingtalk_stream.ChatbotHandler):
    def __init__(self):
        super().__init__()
        self.cards = []

    async def process(self, callback):
        replier = CardReplier(self.dingtalk_client, ChatbotMessage.from_dict(callback.data))
        card = {"title": "请假", "text": "three days", "buttons": BUTTONS}
        self.cards.append((replier, replier.create_and_deliver_card("leave.schema", card)))
        return AckMessage.STATUS_OK, "OK"


class Decides(dingtalk_stream.CallbackHandler):
    def __init__(self):
        super().__init__()
        self.pressed = []

    async def process(self, callback):
        message = CardCallbackMessage.from_dict(callback.data)
        self.pressed.append(message)
        return AckMessage.STATUS_OK, {
            "cardUpdateOptions": {"updateCardDataByKey": True},
            "cardData": {"cardParamMap": {"text": "agreed"}},
            "userPrivateData": {"cardParamMap": {"title": "你已同意"}},
        }


class Cards(unittest.TestCase):
    def setUp(self):
        self.app, self.offers, self.decides = App(), Offers(), Decides()
        self.app.client.register_callback_handler(ChatbotMessage.TOPIC, self.offers)
        self.app.client.register_callback_handler(dingtalk_stream.CallbackHandler.TOPIC_CARD_CALLBACK, self.decides)
        self.app.connect()
        self.app.speak("leave")
        self.replier, self.card = until(lambda: self.offers.cards, "the card")[0]

    def shown_card(self, **values):
        return next(message for message in self.app.shown(**values) if message["out_track_id"] == self.card)

    def test_a_button_is_pressed_and_the_answer_changes_the_card(self):
        shown = self.shown_card()
        self.assertEqual((shown["text"], shown["template"]), ("请假\nthree days", "leave.schema"))
        seen = SIMULATOR.do("press", person="li", message=shown["message_id"], button="同意")
        self.assertEqual(seen, {"answered": True, "card_changed": True})
        (pressed,) = self.decides.pressed
        self.assertEqual((pressed.card_instance_id, pressed.user_id), (self.card, "li"))
        self.assertEqual(pressed.content["cardPrivateData"], {"actionIds": ["ok"], "params": {"action": "agree"}})
        self.assertEqual(self.shown_card()["text"], "请假\nagreed")
        self.assertEqual(self.shown_card(person="li")["text"], "你已同意\nagreed")

    def test_the_app_changes_its_card(self):
        self.replier.put_card_data(self.card, {"title": "done"}, cardUpdateOptions={"updateCardDataByKey": True})
        self.assertEqual(self.shown_card()["text"], "done\nthree days")
        self.replier.put_card_data(self.card, {"title": "alone"})
        self.assertEqual(self.shown_card()["text"], "alone", "without the option everything is overwritten")
