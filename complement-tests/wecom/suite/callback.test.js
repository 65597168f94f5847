// The platform's own library of signatures and encryption reads our callbacks, and we read its answers.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { decrypt, encrypt, getSignature } from "@wecom/crypto";

import { until } from "../../common/until.mjs";
import { APP, BOT, KEY, Simulator, TOKEN, door } from "../support/simulator.js";

/** The text of an element of the platform's flat XML. */
function element(xml, name) {
    const found = new RegExp(`<${name}>(?:<!\\[CDATA\\[([^]*?)\\]\\]>|([^<]*))</${name}>`).exec(xml);
    return found && (found[1] ?? found[2]);
}

/** What was encrypted, once its signature holds. */
function opened(query, encrypted) {
    const signature = getSignature(TOKEN, query.get("timestamp"), query.get("nonce"), encrypted);
    if (signature !== query.get("msg_signature")) throw new Error("the signature is wrong");
    return decrypt(KEY, encrypted);
}

function answered(message) {
    const encrypted = encrypt(KEY, message, "");
    const signature = getSignature(TOKEN, "1700000000", "n0nce", encrypted);
    return `<xml><Encrypt><![CDATA[${encrypted}]]></Encrypt><MsgSignature><![CDATA[${signature}]]></MsgSignature>`
        + `<TimeStamp>1700000000</TimeStamp><Nonce><![CDATA[n0nce]]></Nonce></xml>`;
}

describe("the callback of an app", () => {
    let simulator, place, chat;
    const heard = [], refused = [];
    let answer = () => "";

    before(async () => {
        simulator = await Simulator.start();
        place = await door((query, body) => {
            if (query.has("echostr")) return opened(query, query.get("echostr")).message;
            let message;
            try {
                message = opened(query, element(body, "Encrypt"));
            } catch (error) {
                refused.push(error.message);
                throw error;
            }
            heard.push(message);
            return answer(message);
        });
        await simulator.act("use_callback", { app: APP, url: place.url, token: TOKEN, aes_key: KEY });
        chat = (await simulator.act("enter", { person: "lisi", app: APP, quietly: true })).chat_id;
    });

    after(async () => {
        place.close();
        await simulator.stop();
    });

    const texts = (words) => heard.filter(({ message }) => element(message, "Content") === words);

    it("is decrypted and is for the organisation", async () => {
        const said = await simulator.speak("你好 <b>", chat);
        const [message] = await until("the message", () => texts("你好 <b>").length && texts("你好 <b>"));
        assert.equal(message.id, simulator.corp);
        assert.equal(element(message.message, "MsgId"), said);
        assert.equal(element(message.message, "FromUserName"), "lisi");
    });

    it("is refused where it was forged, and comes again", async () => {
        for (const fault of ["callback.wrong_signature", "callback.tampered", "callback.unsigned"]) {
            const before = refused.length;
            await simulator.fail(fault);
            await simulator.speak(fault, chat);
            await until(`the real message after ${fault}`, () => texts(fault).length === 1);
            assert.equal(refused.length, before + 1);
        }
    });

    it("is answered with a message that people see", async () => {
        answer = ({ message }) => (element(message, "Content") === "ping"
            ? answered("<xml><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[乓]]></Content></xml>")
            : "");
        await simulator.speak("ping", chat);
        await until("the answer", async () => (await simulator.shown(chat)).some((one) => one.text === "乓"));
    });
});

describe("the callback of a bot", () => {
    it("is decrypted for nobody in particular and answered with a stream", async () => {
        const simulator = await Simulator.start();
        const bodies = [];
        const place = await door((query, body) => {
            if (query.has("echostr")) return opened(query, query.get("echostr")).message;
            const { message, id } = opened(query, JSON.parse(body).encrypt);
            assert.equal(id, "");
            bodies.push(JSON.parse(message));
            const finish = bodies.length > 1;
            const reply = { msgtype: "stream", stream: { id: "s1", finish, content: finish ? "done" : "…" } };
            const encrypted = encrypt(KEY, JSON.stringify(reply), "");
            const timestamp = 1700000000, nonce = query.get("nonce");
            const msgsignature = getSignature(TOKEN, String(timestamp), nonce, encrypted);
            return JSON.stringify({ encrypt: encrypted, msgsignature, timestamp, nonce });
        });
        await simulator.act("use_bot_callback", { bot: BOT, url: place.url, token: TOKEN, aes_key: KEY });
        await simulator.speak("work");
        await until("the stream's end", async () => (await simulator.shown()).some((one) => one.text === "done"));
        assert.deepEqual(bodies.map((one) => one.msgtype), ["text", "stream"]);
        assert.equal(bodies[0].text.content, "@Robot work");
        place.close();
        await simulator.stop();
    });
});
