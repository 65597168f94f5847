// A bot with an account of its own, as most bots of the field are: the library's sync loop and its helpers.

import "../support/quiet.js";

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";

import { AutojoinRoomsMixin, MatrixClient, RichReply, SimpleFsStorageProvider } from "matrix-bot-sdk";

import { Server } from "../../common/lianqiao.mjs";
import { until } from "../../common/until.mjs";
import { register, texts } from "../support/person.js";

describe("a bot that syncs", () => {
    let server, alice, token, bot, roomId;

    before(async () => {
        server = await Server.start();
        alice = await register(server.baseUrl, "alice");
        token = (await register(server.baseUrl, "echo")).accessToken;
    });

    after(async () => {
        bot?.stop();
        await server?.remove();
    });

    /** Answers each `!echo …` in a reply. What it has heard is on disk, so a new one goes on where it stopped. */
    async function startsBot() {
        const client = new MatrixClient(server.baseUrl, token, new SimpleFsStorageProvider(path.join(server.folder, "bot.json")));
        AutojoinRoomsMixin.setupOnClient(client);
        client.on("room.message", async (room, event) => {
            if (!event.content?.body?.startsWith("!echo ")) return;
            const text = event.content.body.slice("!echo ".length);
            await client.sendMessage(room, RichReply.createFor(room, event, text, text));
        });
        await client.start();
        return client;
    }

    function storedToken() {
        return JSON.parse(fs.readFileSync(path.join(server.folder, "bot.json"), "utf8")).syncToken;
    }

    async function answers(text) {
        await alice.sendText(roomId, `!echo ${text}`);
        await until(`the answer to ${text}`, async () => (await texts(alice, roomId)).some((line) => line.endsWith(`\n${text}`)));
    }

    it("comes when it is invited and answers", async () => {
        bot = await startsBot();
        roomId = await alice.createRoom({ preset: "trusted_private_chat", invite: [await bot.getUserId()] });
        await until("the bot", async () => (await alice.getJoinedRoomMembers(roomId)).length === 2);
        await answers("one");
    });

    it("goes on where it stopped", async () => {
        // The poll that is under way is still answered, and what it brings is still handled.
        const before = storedToken();
        bot.stop();
        await alice.sendText(roomId, "sleep well");
        await until("the end of the last poll", () => storedToken() !== before);
        await alice.sendText(roomId, "!echo while you were out");
        bot = await startsBot();
        await answers("two");
        const replies = (await texts(alice, roomId)).filter((line) => line.startsWith(">"));
        assert.deepEqual(replies.map((line) => line.split("\n").at(-1)), ["one", "while you were out", "two"]);
    });

    it("uploads a file that others can fetch", async () => {
        const bytes = Buffer.from("a file of some length");
        const address = await bot.uploadContent(bytes, "text/plain", "note.txt");
        const { data, contentType } = await alice.downloadContent(address);
        assert.equal(data.toString(), bytes.toString());
        assert.match(contentType, /^text\/plain/);
    });
});
