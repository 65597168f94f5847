// The platform's own library of AI bots connects to our simulator, hears, answers, uploads, and is sent away.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { WSClient } from "@wecom/aibot-node-sdk";

import { until } from "../../common/until.mjs";
import { BOT, BOT_SECRET, Simulator } from "../support/simulator.js";

const QUIET = { debug() {}, info() {}, warn() {}, error() {} };

function client(simulator, secret = BOT_SECRET) {
    return new WSClient({
        botId: BOT, secret, wsUrl: simulator.socket, logger: QUIET, reconnectInterval: 20, heartbeatInterval: 50,
        maxAuthFailureAttempts: 1,
    });
}

/** The first event of this name; the library's emitter is not that of Node. */
function next(bot, name) {
    return new Promise((resolve) => bot.once(name, resolve));
}

async function connected(simulator) {
    const bot = client(simulator);
    const authenticated = next(bot, "authenticated");
    bot.connect();
    await authenticated;
    return bot;
}

describe("a bot over its socket", () => {
    let simulator, bot;

    before(async () => {
        simulator = await Simulator.start();
        bot = await connected(simulator);
    });

    after(async () => {
        bot.disconnect();
        await simulator.stop();
    });

    const words = async (chat) => (await simulator.shown(chat)).map((one) => one.text);

    it("hears a mention and answers with a stream", async () => {
        const heard = next(bot, "message.text");
        const said = await simulator.speak("你好");
        const frame = await heard;
        assert.deepEqual([frame.body.msgid, frame.body.text.content], [said, "@Robot 你好"]);
        await bot.replyStream(frame, "s1", "on", false);
        const acknowledged = await bot.replyStream(frame, "s1", "one", true);
        assert.equal(acknowledged.errcode, 0);
        assert.equal((await words()).at(-1), "one");
    });

    it("writes by itself where it was addressed, and is refused elsewhere", async () => {
        await bot.sendMessage(simulator.chat, { msgtype: "markdown", markdown: { content: "**by itself**" } });
        assert.equal((await words()).at(-1), "**by itself**");
        const refused = bot.sendMessage("nobody", { msgtype: "markdown", markdown: { content: "x" } });
        await assert.rejects(refused, (error) => error.errcode === 93006 || /93006/.test(error.message));
    });

    it("uploads a file in pieces and sends it", async () => {
        const bytes = Buffer.alloc(700_000, "lianqiao ");
        const uploaded = await bot.uploadMedia(bytes, { type: "file", filename: "a.txt" });
        await bot.sendMediaMessage(simulator.chat, "file", uploaded.media_id);
        const [attachment] = (await simulator.shown()).at(-1).attachments;
        const opened = await simulator.act("open", { key: attachment.key });
        assert.ok(Buffer.from(opened.base64, "base64").equals(bytes));
    });

    it("fetches and decrypts what a person sent", async () => {
        const chat = (await simulator.act("enter", { person: "lisi", bot: BOT, quietly: true })).chat_id;
        const content = Buffer.from("hello wecom");
        const { key } = await simulator.act("upload", { kind: "file", name: "报告.txt", base64: content.toString("base64") });
        const heard = next(bot, "message.file");
        await simulator.act("say", { person: "lisi", chat, kind: "file", content: { key } });
        const { file } = (await heard).body;
        const { buffer, filename } = await bot.downloadFile(file.url, file.aeskey);
        assert.deepEqual([buffer.toString(), filename], ["hello wecom", "报告.txt"]);
    });

    it("welcomes, shows a card, and changes it when it is pressed", async () => {
        const card = (title) => ({
            card_type: "button_interaction", task_id: "t1", main_title: { title },
            button_list: [{ text: "Yes", style: 1, key: "yes" }],
        });
        const entered = next(bot, "event.enter_chat");
        const { chat_id } = await simulator.act("enter", { person: "ZhangSan", bot: BOT });
        await bot.replyWelcome(await entered, { msgtype: "template_card", template_card: card("Leave") });
        const shown = async () => (await simulator.act("show", { chat: chat_id, person: "ZhangSan" })).messages[0];
        const message = await shown();
        const pressed = next(bot, "event.template_card_event");
        const press = simulator.act("press", { person: "ZhangSan", message: message.message_id, button: "Yes" });
        await bot.updateTemplateCard(await pressed, card("Decided"));
        const answer = await press;
        assert.deepEqual([answer.answered, answer.card_changed, (await shown()).text], [true, true, "Decided"]);
    });

    it("comes back after its connection broke", async () => {
        const again = next(bot, "authenticated");
        await simulator.act("close_connections", { bot: BOT });
        await again;
        const heard = next(bot, "message.text");
        await simulator.speak("back?");
        assert.equal((await heard).body.text.content, "@Robot back?");
    });

    it("is kept by its pings, and comes back when they are not answered", async () => {
        const again = next(bot, "authenticated");
        await simulator.act("fail", { name: "socket.no_pong", times: 3 });
        await again;
        await simulator.act("mend");
    });

    it("goes for good when another one takes over", async () => {
        const gone = next(bot, "event.disconnected_event");
        const other = await connected(simulator);
        await gone;
        const heard = next(other, "message.text");
        await simulator.speak("who is there?");
        await heard;
        await until("the first one's end", () => !bot.isConnected);
        other.disconnect();
    });

    it("is refused with a wrong secret", async () => {
        const stranger = client(simulator, "another");
        const refused = next(stranger, "error");
        stranger.connect();
        assert.ok(await refused);
        stranger.disconnect();
    });
});
