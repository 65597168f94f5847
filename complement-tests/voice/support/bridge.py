"""A server with a bridge to a simulated WeCom, a person in a chat with its app, and somebody in a room that is that chat."""

import base64
import json
import urllib.parse
import urllib.request

from common.lianqiao import Lianqiao
from common.simulator import Simulator, until

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
TOKEN = "VoiceToken"
APP = 1_000_002
PERSON = "ZhangSan"
SERVER_NAME = "voice.example"
BOT = f"@bridge:{SERVER_NAME}"
SECONDS_MAX = 30


class Bridge:
    """`ffmpeg` is what `bridges.ffmpeg_path` says."""

    def __init__(self, ffmpeg):
        self.platform = Simulator("wecom")
        self.platform.do("add_person", user_id=PERSON, name="张三")
        corp = self.platform.do("add_app", app=APP, secret="app-secret", name="连桥")["corp_id"]
        settings = f"""
[bridges]
ffmpeg_path = "{ffmpeg}"
language = "en"
[wecom]
enabled = true
corp_id = "{corp}"
agent_id = {APP}
secret = "app-secret"
callback_token = "{TOKEN}"
callback_aes_key = "{KEY}"
api_url = "{self.platform.api}"
"""
        self.server = Lianqiao("voice", SERVER_NAME, settings)
        entered = self.platform.do("enter", person=PERSON, app=APP, quietly=True)
        self.chat = entered["chat_id"]
        url = f"{self.server.base_url}/_lianqiao/bridge/wecom"
        self.platform.do("use_callback", app=APP, url=url, token=TOKEN, aes_key=KEY)
        self.token = self.server.register("alice", "Alice")["access_token"]
        request = {"preset": "private_chat", "invite": [BOT]}
        self.room = self.server.ask("POST", "createRoom", request, self.token)["room_id"]
        until(lambda: self.server.has_joined(self.room, BOT, self.token), "the bot in the room")
        until(self._is_bound, "the binding")

    def _is_bound(self):
        """A conversation can be bound as soon as the bridge has asked the platform."""
        try:
            return self.server.run("bridge", "bind", "wecom", f"user:{PERSON.lower()}", self.room) is not None
        except RuntimeError:
            return False

    def close(self):
        self.server.remove()
        self.platform.close()

    def media(self, method, path, body=None, mimetype="audio/ogg"):
        """What the media API answers."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": mimetype}
        request = urllib.request.Request(f"{self.server.base_url}{path}", body, headers, method=method)
        with urllib.request.urlopen(request, timeout=SECONDS_MAX) as answer:
            return answer.read()

    def speaks(self, words, milliseconds):
        """Alice's client sends spoken words as Element does; the file as the platform's people get it."""
        told = {"info": {"duration": milliseconds}, "org.matrix.msc3245.voice": {}}
        return self._sends("m.audio", "Voice.ogg", "audio/ogg", words, told)

    def shows(self, name, mimetype, picture):
        """Alice's client sends a picture; the file as the platform's people get it."""
        return self._sends("m.image", name, mimetype, picture, {"info": {}})

    def _sends(self, kind, name, mimetype, body, told):
        path = f"/_matrix/media/v3/upload?filename={name}"
        uploaded = json.loads(self.media("POST", path, body, mimetype))
        info = {"mimetype": mimetype, "size": len(body), **told["info"]}
        content = {**told, "msgtype": kind, "body": name, "filename": name, "url": uploaded["content_uri"], "info": info}
        room = urllib.parse.quote(self.room)
        self.server.ask("PUT", f"rooms/{room}/send/m.room.message/file", content, self.token)
        return until(self._shown, "the file on the platform")

    def _shown(self):
        for message in self.platform.do("show", chat=self.chat)["messages"]:
            if message.get("media"):
                opened = self.platform.do("open", key=message["media"])
                return message["kind"], opened["name"], base64.b64decode(opened["base64"])
        return None

    def hears(self, words):
        """The person speaks to the app; the event that it becomes, and its bytes."""
        encoded = base64.b64encode(words).decode()
        key = self.platform.do("upload", kind="voice", name="voice.amr", base64=encoded)["key"]
        self.platform.do("say", person=PERSON, chat=self.chat, kind="voice", content={"key": key})
        content = until(self._heard, "the words in the room")
        path = content["url"].removeprefix("mxc://")
        return content, self.media("GET", f"/_matrix/client/v1/media/download/{path}")

    def _heard(self):
        room = urllib.parse.quote(self.room)
        chunk = self.server.ask("GET", f"rooms/{room}/messages?dir=b&limit=50", None, self.token)["chunk"]
        theirs = [event["content"] for event in chunk if event["sender"].startswith("@wc_")]
        return next((content for content in theirs if "url" in content), None)
