// Encrypted rooms with the Rust crypto that Element Web is made of: cross-signing, secret storage, verification by
// emoji, key backup, fallback keys, and what a member who left can no longer read.

import "../support/quiet.js";

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { ENCRYPTED, Line, logInEncrypted, Paper, readsIn, settledEvent, setUp, verifyByEmoji } from "../support/crypto.js";
import { Server } from "../../common/lianqiao.mjs";
import { until } from "../../common/until.mjs";
import { register, roomWith } from "../support/people.js";

// The library waits at random before it sends sessions to the backup, and again between two batches.
const BACKUP_MS_MAX = 90_000;

describe("encrypted rooms", () => {
    let server, people, papers, alice, bob, roomId;
    const clients = [];

    async function enter(person, paper, options) {
        const client = await logInEncrypted(server.baseUrl, person, paper, options);
        clients.push(client);
        return client;
    }

    /** Joins without the client, whose line may be cut. */
    async function joins(client, room) {
        const url = `${server.baseUrl}/_matrix/client/v3/join/${encodeURIComponent(room)}`;
        const headers = { authorization: `Bearer ${client.getAccessToken()}` };
        const answer = await fetch(url, { method: "POST", headers, body: "{}" });
        assert.equal(answer.status, 200);
    }

    before(async () => {
        server = await Server.start();
        people = {
            alice: await register(server.baseUrl, "alice"),
            bob: await register(server.baseUrl, "bob"),
            carol: await register(server.baseUrl, "carol"),
        };
        papers = { alice: new Paper(), bob: new Paper() };
    });

    after(async () => {
        for (const client of clients) client.stopClient();
        await server?.remove();
    });

    it("sets up cross-signing, secret storage and a key backup for two people", async () => {
        alice = await enter(people.alice, papers.alice);
        bob = await enter(people.bob, papers.bob);
        await setUp(alice, people.alice);
        await setUp(bob, people.bob);
        for (const client of [alice, bob]) {
            const crypto = client.getCrypto();
            assert.ok(await crypto.isCrossSigningReady());
            assert.ok(await crypto.isSecretStorageReady());
            const own = await crypto.getDeviceVerificationStatus(client.getUserId(), client.getDeviceId());
            assert.ok(own.crossSigningVerified, "the first device is signed by its owner");
        }
    });

    it("encrypts a room in both directions", async () => {
        roomId = (await alice.createRoom({ ...ENCRYPTED, name: "Behind closed doors" })).room_id;
        await alice.invite(roomId, bob.getUserId());
        await roomWith(bob, roomId, "invite");
        await bob.joinRoom(roomId);
        await roomWith(bob, roomId, "join");
        await until("bob in alice's room", () => alice.getRoom(roomId).getMember(bob.getUserId())?.membership === "join");
        const { event_id: question } = await alice.sendTextMessage(roomId, "can you read this?");
        assert.equal(await readsIn(bob, roomId, question), "can you read this?");
        const { event_id: answer } = await bob.sendTextMessage(roomId, "every word");
        assert.equal(await readsIn(alice, roomId, answer), "every word");
        const stored = await alice.http.authedRequest("GET", `/rooms/${encodeURIComponent(roomId)}/event/${encodeURIComponent(question)}`);
        assert.equal(stored.type, "m.room.encrypted", "the server holds nothing that it could read");
        assert.equal(stored.content.body, undefined);
    });

    it("verifies a new device by emoji", async () => {
        const phone = await enter(people.alice, papers.alice);
        const status = () => bob.getCrypto().getDeviceVerificationStatus(people.alice.userId, phone.getDeviceId());
        await bob.getCrypto().getUserDeviceInfo([people.alice.userId], true);
        await until("bob to know the phone", async () => (await status()) !== null);
        assert.equal((await status()).signedByOwner, false, "nobody has vouched for it yet");

        await alice.getCrypto().getUserDeviceInfo([people.alice.userId], true);
        const [asking, asked] = await verifyByEmoji(phone, alice);
        assert.equal(asking.length, 7);
        assert.deepEqual(asking, asked, "both screens show the same");
        await until("bob to see the phone signed", async () => (await status())?.signedByOwner === true);
        const { event_id: sent } = await bob.sendTextMessage(roomId, "hello to both of you");
        assert.equal(await readsIn(phone, roomId, sent), "hello to both of you");
        assert.equal(await readsIn(alice, roomId, sent), "hello to both of you");
    });

    it("restores the key backup on a third login", async () => {
        const { event_id: old } = await bob.sendTextMessage(roomId, "remember this");
        assert.equal(await readsIn(alice, roomId, old), "remember this");
        await until("all sessions in the backup", async () => {
            // The library keeps what it once heard of the backup; the server is asked how much is in it.
            const { count } = await alice.http.authedRequest("GET", "/room_keys/version");
            return count >= 2;
        }, BACKUP_MS_MAX);
        const laptop = await enter(people.alice, papers.alice);
        const event = await settledEvent(laptop, roomId, old);
        assert.ok(event.isDecryptionFailure(), "a new device has no old keys");
        const crypto = laptop.getCrypto();
        assert.ok(await crypto.userHasCrossSigningKeys(people.alice.userId, true));
        await crypto.bootstrapCrossSigning({});
        await crypto.loadSessionBackupPrivateKeyFromSecretStorage();
        const restored = await crypto.restoreKeyBackup();
        assert.ok(restored.imported >= 2);
        assert.equal(restored.imported, restored.total);
        await laptop.decryptEventIfNeeded(event, { isRetry: true });
        assert.equal(await readsIn(laptop, roomId, old), "remember this");
        await until("the laptop vouched for by the recovery key", async () => {
            await crypto.getUserDeviceInfo([people.alice.userId], true);
            const own = await crypto.getDeviceVerificationStatus(people.alice.userId, laptop.getDeviceId());
            return own.crossSigningVerified;
        });
    });

    it("uses the fallback key when one-time keys run out", async () => {
        const wanted = { one_time_keys: { [people.carol.userId]: {} } };
        const line = new Line();
        const carol = await enter(people.carol, undefined, { fetchFn: line.fetchFn });
        const device = carol.getDeviceId();
        wanted.one_time_keys[people.carol.userId][device] = "signed_curve25519";
        await until("carol's keys", async () => {
            const answer = await alice.http.authedRequest("POST", "/keys/query", undefined, { device_keys: { [people.carol.userId]: [] } });
            return answer.device_keys[people.carol.userId][device];
        });
        // From here on carol's client cannot upload new keys for those that go.
        line.cut();
        const claimed = new Set();
        const key = await until("the fallback key", async () => {
            const answer = await bob.http.authedRequest("POST", "/keys/claim", undefined, wanted);
            const [[id, body]] = Object.entries(answer.one_time_keys[people.carol.userId][device]);
            if (body.fallback) return body;
            assert.ok(!claimed.has(id), "a one-time key is given out once");
            claimed.add(id);
            return null;
        });
        assert.ok(key.fallback);
        assert.ok(claimed.size >= 1, "there were one-time keys first");

        const created = await alice.createRoom({ ...ENCRYPTED, preset: "public_chat" });
        await joins(carol, created.room_id);
        await until("carol in the room", () => {
            return alice.getRoom(created.room_id)?.getMember(people.carol.userId)?.membership === "join";
        });
        const { event_id: sent } = await alice.sendTextMessage(created.room_id, "by the spare key");
        line.mend();
        assert.equal(await readsIn(carol, created.room_id, sent), "by the spare key");
        await until("new one-time keys", async () => {
            const answer = await bob.http.authedRequest("POST", "/keys/claim", undefined, wanted);
            const [body] = Object.values(answer.one_time_keys[people.carol.userId][device]);
            return !body.fallback;
        });
    });

    it("keeps later messages from a member who left", async () => {
        const carol = clients.find((client) => client.getUserId() === people.carol.userId);
        await alice.invite(roomId, people.carol.userId);
        await carol.joinRoom(roomId);
        await until("carol in the room", () => alice.getRoom(roomId).getMember(people.carol.userId)?.membership === "join");
        const { event_id: before } = await alice.sendTextMessage(roomId, "welcome");
        assert.equal(await readsIn(carol, roomId, before), "welcome");
        await carol.leave(roomId);
        await until("carol gone", () => alice.getRoom(roomId).getMember(people.carol.userId)?.membership === "leave");
        const { event_id: secret } = await alice.sendTextMessage(roomId, "she need not know");
        assert.equal(await readsIn(bob, roomId, secret), "she need not know");
        await assert.rejects(carol.fetchRoomEvent(roomId, secret), (error) => error.httpStatus === 404 || error.httpStatus === 403);

        // Even the event itself is of no use to her: no key was sent.
        await alice.invite(roomId, people.carol.userId);
        await carol.joinRoom(roomId);
        // The one who sends must have heard of it, or the key goes to the others alone.
        await until("carol back", () => bob.getRoom(roomId).getMember(people.carol.userId)?.membership === "join");
        const { event_id: later } = await bob.sendTextMessage(roomId, "good to see you");
        assert.equal(await readsIn(carol, roomId, later), "good to see you");
        const room = await roomWith(carol, roomId, "join");
        await until("the history", async () => {
            if (room.findEventById(secret)) return true;
            await carol.scrollback(room, 30);
            return room.findEventById(secret);
        });
        const event = await settledEvent(carol, roomId, secret);
        assert.ok(event.isDecryptionFailure());
    });
});
