// People with a real client: registering, logging in, starting the sync, waiting for what must come.

import { setTimeout as sleep } from "node:timers/promises";

import { ClientEvent, createClient } from "matrix-js-sdk";
import { logger } from "matrix-js-sdk/lib/logger.js";

logger.setLevel("silent", false);

const PATIENCE_MS = 20_000;

/** Registers an account and leaves it without a running client. */
export async function register(baseUrl, username) {
    const password = `password of ${username}`;
    const client = createClient({ baseUrl });
    const answer = await client.registerRequest({ username, password, auth: { type: "m.login.dummy" } });
    return { userId: answer.user_id, password };
}

/** Logs in on a new device and starts the sync; resolves when the first sync is in. */
export async function logIn(baseUrl, person, { initialSyncLimit = 20 } = {}) {
    const answer = await createClient({ baseUrl }).loginRequest({
        type: "m.login.password",
        identifier: { type: "m.id.user", user: person.userId },
        password: person.password,
    });
    const client = createClient({
        baseUrl,
        accessToken: answer.access_token,
        deviceId: answer.device_id,
        userId: answer.user_id,
        timelineSupport: true,
    });
    const ready = new Promise((resolve) => {
        client.on(ClientEvent.Sync, (state) => state === "PREPARED" && resolve());
    });
    await client.startClient({ initialSyncLimit, threadSupport: true, lazyLoadMembers: true });
    await ready;
    return client;
}

/** Waits until the probe returns something true, and returns that. */
export async function until(what, probe, patienceMs = PATIENCE_MS) {
    const deadline = Date.now() + patienceMs;
    for (;;) {
        const found = await probe();
        if (found) return found;
        if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
        await sleep(20);
    }
}

/** The room in which this client has this membership, once it has it. */
export function roomWith(client, roomId, membership) {
    return until(`${membership} of ${client.getUserId()}`, () => {
        const room = client.getRoom(roomId);
        return room?.getMyMembership() === membership && room;
    });
}

/** An event of a room's live timeline or of its threads, once the client has it. */
export function eventIn(client, roomId, eventId) {
    return until(`event ${eventId}`, () => client.getRoom(roomId)?.findEventById(eventId));
}

/** The bodies of the text messages in a room's live timeline, oldest first. */
export function bodiesIn(client, roomId) {
    const events = client.getRoom(roomId).getLiveTimeline().getEvents();
    return events.filter((event) => event.getType() === "m.room.message").map((event) => event.getContent().body);
}
