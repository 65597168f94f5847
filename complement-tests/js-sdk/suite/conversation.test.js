// Two people with a real client library meet in a room and use it as people do.

import "../support/quiet.js";

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { NotificationCountType, SetPresence } from "matrix-js-sdk";

import { Server } from "../../common/lianqiao.mjs";
import { until } from "../../common/until.mjs";
import { bodiesIn, eventIn, logIn, register, roomWith } from "../support/people.js";

describe("a conversation of two", () => {
    let server, people, alice, bob, roomId;

    before(async () => {
        server = await Server.start();
    });

    after(async () => {
        alice?.stopClient();
        bob?.stopClient();
        await server?.remove();
    });

    it("registers and logs in", async () => {
        people = {
            alice: await register(server.baseUrl, "alice"),
            bob: await register(server.baseUrl, "bob"),
        };
        alice = await logIn(server.baseUrl, people.alice);
        bob = await logIn(server.baseUrl, people.bob);
        assert.equal((await alice.whoami()).user_id, people.alice.userId);
        assert.equal((await bob.whoami()).device_id, bob.getDeviceId());
    });

    it("creates a room, invites and accepts", async () => {
        const created = await alice.createRoom({ preset: "private_chat", name: "The bridge" });
        roomId = created.room_id;
        await alice.invite(roomId, bob.getUserId());
        await roomWith(bob, roomId, "invite");
        await bob.joinRoom(roomId);
        const room = await roomWith(bob, roomId, "join");
        await until("the room's name", () => room.name === "The bridge");
        await until("bob in alice's room", () => alice.getRoom(roomId).getMember(bob.getUserId())?.membership === "join");
    });

    it("sends a message that the other sees once", async () => {
        const { event_id: sent } = await alice.sendTextMessage(roomId, "hello");
        const seen = await eventIn(bob, roomId, sent);
        assert.equal(seen.getContent().body, "hello");
        assert.equal(seen.getSender(), alice.getUserId());
        const { event_id: answer } = await bob.sendTextMessage(roomId, "hello yourself");
        await eventIn(alice, roomId, answer);
        for (const client of [alice, bob]) {
            assert.deepEqual(bodiesIn(client, roomId), ["hello", "hello yourself"]);
        }
    });

    it("edits a message", async () => {
        const { event_id: original } = await alice.sendTextMessage(roomId, "helo");
        const seen = await eventIn(bob, roomId, original);
        await alice.sendMessage(roomId, {
            "msgtype": "m.text",
            "body": "* hello",
            "m.new_content": { msgtype: "m.text", body: "hello" },
            "m.relates_to": { rel_type: "m.replace", event_id: original },
        });
        await until("the edit", () => seen.getContent().body === "hello");
        const fresh = await bob.fetchRoomEvent(roomId, original);
        assert.equal(fresh.unsigned["m.relations"]["m.replace"].content["m.new_content"].body, "hello");
    });

    it("reacts to a message, and takes the reaction back", async () => {
        const { event_id: target } = await alice.sendTextMessage(roomId, "a joke");
        await eventIn(bob, roomId, target);
        const { event_id: reaction } = await bob.sendEvent(roomId, "m.reaction", {
            "m.relates_to": { rel_type: "m.annotation", event_id: target, key: "😄" },
        });
        const reactions = await until("the reaction", () =>
            alice.getRoom(roomId).relations.getChildEventsForEvent(target, "m.annotation", "m.reaction"),
        );
        const counted = () => reactions.getSortedAnnotationsByKey().map(([key, events]) => [key, events.size]);
        assert.deepEqual(counted(), [["😄", 1]]);
        await assert.rejects(
            bob.sendEvent(roomId, "m.reaction", {
                "m.relates_to": { rel_type: "m.annotation", event_id: target, key: "😄" },
            }),
            { errcode: "M_DUPLICATE_ANNOTATION" },
        );
        await bob.redactEvent(roomId, reaction);
        await until("the reaction's end", () => counted().every(([, size]) => size === 0));
    });

    it("redacts a message", async () => {
        const { event_id: regretted } = await alice.sendTextMessage(roomId, "a secret");
        const seen = await eventIn(bob, roomId, regretted);
        await alice.redactEvent(roomId, regretted, undefined, { reason: "slip" });
        await until("the redaction", () => seen.isRedacted());
        const fresh = await bob.fetchRoomEvent(roomId, regretted);
        assert.deepEqual(fresh.content, {});
        assert.equal(fresh.unsigned.redacted_because.content.reason, "slip");
    });

    it("holds a thread apart from the room", async () => {
        const { event_id: root } = await alice.sendTextMessage(roomId, "a topic");
        await eventIn(bob, roomId, root);
        for (const body of ["first", "second", "third"]) {
            await bob.sendMessage(roomId, root, { msgtype: "m.text", body });
        }
        const thread = await until("the thread", () => {
            const thread = alice.getRoom(roomId).getThread(root);
            return thread?.length === 3 && thread;
        });
        const replies = await until("the replies", () => {
            const bodies = thread.events.filter((event) => !event.isThreadRoot).map((event) => event.getContent().body);
            return bodies.length === 3 && bodies;
        });
        assert.deepEqual(replies, ["first", "second", "third"]);
        const summary = (await alice.fetchRoomEvent(roomId, root)).unsigned["m.relations"]["m.thread"];
        assert.equal(summary.count, 3);
        assert.equal(summary.latest_event.content.body, "third");
        assert.equal(bodiesIn(alice, roomId).includes("second"), false);
    });

    it("counts what is unread, and receipts set it back", async () => {
        const room = bob.getRoom(roomId);
        const counts = () => [
            room.getRoomUnreadNotificationCount(NotificationCountType.Total),
            room.getRoomUnreadNotificationCount(NotificationCountType.Highlight),
        ];
        const { event_id: start } = await alice.sendTextMessage(roomId, "start");
        await bob.sendReadReceipt(await eventIn(bob, roomId, start));
        await until("no unread message", () => counts().join() === "0,0");
        await alice.sendTextMessage(roomId, "one");
        await alice.sendTextMessage(roomId, "two");
        const { event_id: last } = await alice.sendMessage(roomId, {
            "msgtype": "m.text",
            "body": "bob: three",
            "m.mentions": { user_ids: [bob.getUserId()] },
        });
        await until("three unread, one of them for bob", () => counts().join() === "3,1");
        await bob.sendReadReceipt(await eventIn(bob, roomId, last));
        await until("none unread", () => counts().join() === "0,0");
        await until("the receipt", () => alice.getRoom(roomId).hasUserReadEvent(bob.getUserId(), last));
    });

    it("shows who is typing", async () => {
        await alice.sendTyping(roomId, true, 10_000);
        const shown = () => bob.getRoom(roomId).getMember(alice.getUserId())?.typing;
        await until("alice typing", () => shown() === true);
        await alice.sendTyping(roomId, false, 0);
        await until("alice resting", () => shown() === false);
    });

    it("shows who is there", async () => {
        // Each sync says anew whether its user is there, so the sync must say the same.
        alice.setSyncPresence(SetPresence.Unavailable);
        await alice.setPresence({ presence: "unavailable", status_msg: "at lunch" });
        const user = await until("alice's presence", () => {
            const user = bob.getUser(alice.getUserId());
            return user?.presence === "unavailable" && user;
        });
        assert.equal(user.presenceStatusMsg, "at lunch");
    });

    it("keeps account data, tags and profiles", async () => {
        await alice.setAccountData("org.example.colour", { colour: "red" });
        await until("the account data", () => alice.getAccountData("org.example.colour")?.getContent().colour === "red");
        await alice.setRoomTag(roomId, "m.favourite", { order: 0.5 });
        await until("the tag", () => alice.getRoom(roomId).tags["m.favourite"]?.order === 0.5);
        await alice.setDisplayName("Alice of the bridge");
        await until("the new name", () => bob.getRoom(roomId).getMember(alice.getUserId())?.name === "Alice of the bridge");
    });
});
