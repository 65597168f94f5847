// An application service on matrix-bot-sdk: ghosts, namespaces, questions, what is told while it is away.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { SERVER_NAME } from "../../common/lianqiao.mjs";
import { refusal, register, texts } from "../support/person.js";
import { Service } from "../support/service.js";

describe("an application service", () => {
    let service, alice;

    before(async () => {
        service = await Service.start();
        alice = await register(service.server.baseUrl, "alice");
    });

    after(async () => service?.remove());

    async function roomWithGhost(name) {
        const roomId = await alice.createRoom({ preset: "private_chat" });
        const ghost = service.ghost(name);
        await ghost.ensureRegistered();
        await alice.inviteUser(ghost.userId, roomId);
        await service.hears("the invite", ([kind, room]) => kind === "room.invite" && room === roomId);
        await ghost.joinRoom(roomId);
        return { roomId, ghost };
    }

    it("speaks and listens as somebody else", async () => {
        const { roomId, ghost } = await roomWithGhost("bob");
        await ghost.underlyingClient.setDisplayName("Bob (elsewhere)");
        await ghost.sendText(roomId, "hello from elsewhere");
        await alice.sendText(roomId, "hello from here");
        await service.hears("alice", ([, room, event]) => room === roomId && event.content.body === "hello from here");
        assert.deepEqual(await texts(alice, roomId), ["hello from elsewhere", "hello from here"]);
        assert.equal((await alice.getUserProfile(ghost.userId)).displayname, "Bob (elsewhere)");
    });

    it("is told what was written while it was down, once and in order, also after the server was killed", async () => {
        const { roomId } = await roomWithGhost("carol");
        service.goesDown();
        const written = Array.from({ length: 30 }, (_, number) => `message ${number}`);
        for (const text of written) {
            await alice.sendText(roomId, text);
        }
        await service.server.kill();
        await service.comesUp();
        await service.server.spawn();
        await service.hears("the last message", ([, room, event]) => room === roomId && event.content?.body === written.at(-1));
        assert.deepEqual(service.texts(roomId), written);
    });

    it("has its names to itself", async () => {
        const account = { username: "service_mallory", password: "of some length", auth: { type: "m.login.dummy" } };
        assert.equal(await refusal(alice.doRequest("POST", "/_matrix/client/v3/register", null, account)), "M_EXCLUSIVE");
        const roomId = await alice.createRoom();
        const alias = `#service_square:${SERVER_NAME}`;
        assert.equal(await refusal(alice.createRoomAlias(alias, roomId)), "M_EXCLUSIVE");
        const other = service.sdk.getIntentForUserId(`@somebody:${SERVER_NAME}`);
        assert.equal(await refusal(other.ensureRegistered()), "M_EXCLUSIVE");
        assert.equal(await refusal(other.underlyingClient.createRoom()), "M_FORBIDDEN");
    });

    it("makes users and rooms when somebody asks for them", async () => {
        const user = `@service_dora:${SERVER_NAME}`;
        service.sdk.once("query.user", (_, answer) => answer({ display_name: "Dora" }));
        assert.equal((await alice.getUserProfile(user)).displayname, "Dora");
        service.sdk.once("query.room", (_, answer) => answer({ preset: "public_chat", name: "Made for you" }));
        const roomId = await alice.joinRoom(`#service_hall:${SERVER_NAME}`);
        assert.equal((await alice.getRoomStateEvent(roomId, "m.room.name", "")).name, "Made for you");
        const asked = service.heard.filter(([kind]) => kind.startsWith("query.")).map(([, name]) => name);
        assert.deepEqual(asked, [user, `#service_hall:${SERVER_NAME}`]);
    });

    it("answers for the networks that it knows", async () => {
        service.sdk.on("thirdparty.protocol", (_, answer) =>
            answer({ user_fields: ["key"], location_fields: [], icon: "", field_types: {}, instances: [] }),
        );
        service.sdk.on("thirdparty.user.remote", (protocol, fields, answer) =>
            answer([{ userid: `@service_${fields.key}:${SERVER_NAME}`, protocol, fields }]),
        );
        const protocols = await alice.doRequest("GET", "/_matrix/client/v3/thirdparty/protocols");
        assert.deepEqual(protocols.telegraph.user_fields, ["key"]);
        const found = await alice.doRequest("GET", "/_matrix/client/v3/thirdparty/user/telegraph", { key: "eve" });
        assert.deepEqual(found.map((one) => one.userid), [`@service_eve:${SERVER_NAME}`]);
    });

    it("sees typing and receipts", async () => {
        const { roomId, ghost } = await roomWithGhost("frank");
        const eventId = await ghost.sendText(roomId, "read me");
        await alice.sendReadReceipt(roomId, eventId);
        await alice.setTyping(roomId, true);
        const heard = (type) => service.hears(type, ([kind, event]) => kind === "ephemeral.event" && event.type === type && event.room_id === roomId);
        const [, receipt] = await heard("m.receipt");
        assert.ok(receipt.content[eventId]["m.read"][alice.userId]);
        const [, typing] = await heard("m.typing");
        assert.deepEqual(typing.content.user_ids, [alice.userId]);
    });
});
