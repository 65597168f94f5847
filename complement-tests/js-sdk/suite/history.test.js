// A long room is read backwards, and a server that goes away in the middle loses and doubles nothing.

import "../support/quiet.js";

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { Server } from "../../common/lianqiao.mjs";
import { until } from "../../common/until.mjs";
import { allBodies, bodiesIn, eventIn, logIn, register, roomWith, wholeRoom } from "../support/people.js";

const MESSAGES = 500;
const ATTEMPTS_MAX = 200;

describe("a long room and a restart", () => {
    let server, people, alice, bob, roomId;

    before(async () => {
        server = await Server.start();
        people = {
            alice: await register(server.baseUrl, "alice"),
            bob: await register(server.baseUrl, "bob"),
        };
        alice = await logIn(server.baseUrl, people.alice);
        bob = await logIn(server.baseUrl, people.bob);
        roomId = (await alice.createRoom({ preset: "public_chat" })).room_id;
        await bob.joinRoom(roomId);
        await roomWith(bob, roomId, "join");
    });

    after(async () => {
        alice?.stopClient();
        bob?.stopClient();
        await server?.remove();
    });

    it("paginates back through 500 messages in order, each once", async () => {
        const expected = [];
        for (let number = 0; number < MESSAGES; number += 1) {
            expected.push(`message ${number}`);
            await alice.sendTextMessage(roomId, `message ${number}`);
        }
        const late = await logIn(server.baseUrl, people.bob, { initialSyncLimit: 10 });
        try {
            assert.ok(bodiesIn(late, roomId).length <= 10);
            assert.deepEqual(await allBodies(late, roomId), expected);
            assert.equal((await wholeRoom(late, roomId))[0].getType(), "m.room.create");
        } finally {
            late.stopClient();
        }
    });

    it("loses and doubles nothing when the server restarts in the middle", async () => {
        const { event_id: marker } = await alice.sendTextMessage(roomId, "before the restart");
        await eventIn(bob, roomId, marker);
        const sending = sendsPersistently(alice, roomId, 60);
        await until("some messages", () => bodiesIn(bob, roomId).includes("persistent 5"));
        await server.stop();
        await server.spawn();
        const eventIds = await sending;
        assert.equal(new Set(eventIds).size, eventIds.length);
        await eventIn(bob, roomId, eventIds.at(-1));
        await shows(bob, roomId, "persistent", 60);
        await shows(alice, roomId, "persistent", 60);
    });

    it("loses and doubles nothing when the server is killed in the middle", async () => {
        const sending = sendsPersistently(alice, roomId, 60, "stubborn");
        await until("some messages", () => bodiesIn(bob, roomId).includes("stubborn 5"));
        await server.kill();
        await server.spawn();
        const eventIds = await sending;
        assert.equal(new Set(eventIds).size, eventIds.length);
        await eventIn(bob, roomId, eventIds.at(-1));
        await shows(bob, roomId, "stubborn", 60);
    });

    it("knows everything again after the restart", async () => {
        const again = await logIn(server.baseUrl, people.alice, { initialSyncLimit: 10 });
        try {
            const bodies = await allBodies(again, roomId);
            assert.equal(bodies.length, MESSAGES + 1 + 60 + 60);
            assert.equal(new Set(bodies).size, bodies.length);
        } finally {
            again.stopClient();
        }
    });
});

/** Sends numbered messages one after another; a lost answer is asked for again under the same transaction. */
async function sendsPersistently(client, roomId, count, word = "persistent") {
    const eventIds = [];
    for (let number = 0; number < count; number += 1) {
        const content = { msgtype: "m.text", body: `${word} ${number}` };
        eventIds.push(await sendsOnce(client, roomId, `${word}-${number}`, content));
    }
    return eventIds;
}

async function sendsOnce(client, roomId, txnId, content) {
    const path = `/rooms/${encodeURIComponent(roomId)}/send/m.room.message/${txnId}`;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
        try {
            return (await client.http.authedRequest("PUT", path, undefined, content)).event_id;
        } catch (error) {
            if (error.errcode && error.httpStatus < 500) throw error;
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
    }
    throw new Error(`${txnId} was never accepted`);
}

/** The client shows each numbered message exactly once and in order. */
async function shows(client, roomId, word, count) {
    const expected = Array.from({ length: count }, (_, number) => `${word} ${number}`);
    await until("the last message", () => bodiesIn(client, roomId).includes(expected.at(-1)));
    const shown = (await allBodies(client, roomId)).filter((body) => body.startsWith(`${word} `));
    assert.deepEqual(shown, expected);
}
