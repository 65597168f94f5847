// People with a real client: registering, logging in, starting the sync, waiting for what must come.

import "./quiet.js";

import { ClientEvent, createClient, TimelineWindow } from "matrix-js-sdk";

import { until } from "../../common/until.mjs";

const PAGE = 50;
const WINDOW = 2_000;

/** Registers an account and leaves it without a running client. */
export async function register(baseUrl, username) {
    const password = `password of ${username}`;
    const client = createClient({ baseUrl });
    const answer = await client.registerRequest({ username, password, auth: { type: "m.login.dummy" } });
    return { userId: answer.user_id, password };
}

/**
 * Logs in on a new device and starts the sync; resolves when the first sync is in. What must happen before
 * the sync starts, such as setting up encryption, is done in `beforeStart`.
 */
export async function logIn(baseUrl, person, { initialSyncLimit = 20, cryptoCallbacks, beforeStart, fetchFn } = {}) {
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
        cryptoCallbacks,
        ...(fetchFn && { fetchFn }),
    });
    await beforeStart?.(client);
    const ready = new Promise((resolve) => {
        client.on(ClientEvent.Sync, (state) => state === "PREPARED" && resolve());
    });
    await client.startClient({ initialSyncLimit, threadSupport: true, lazyLoadMembers: true });
    await ready;
    return client;
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

/**
 * Every event of a room, oldest first, as a person sees it who scrolls up to the beginning. Follows the
 * library's own way over gaps: a client that was away starts a new timeline after one.
 */
export async function wholeRoom(client, roomId) {
    const window = new TimelineWindow(client, client.getRoom(roomId).getUnfilteredTimelineSet(), { windowLimit: WINDOW });
    await window.load(undefined, PAGE);
    while (await window.paginate("b", PAGE));
    return window.getEvents();
}

/** The bodies of the text messages of the whole room, oldest first. */
export async function allBodies(client, roomId) {
    const events = await wholeRoom(client, roomId);
    return events.filter((event) => event.getType() === "m.room.message").map((event) => event.getContent().body);
}
