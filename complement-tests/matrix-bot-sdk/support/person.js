// Somebody with an account, on the library's client for bots.

import { MatrixAuth } from "matrix-bot-sdk";

export async function register(baseUrl, name) {
    const client = await new MatrixAuth(baseUrl).passwordRegister(name, `password of ${name}`, "suite");
    client.userId = await client.getUserId();
    return client;
}

/** The error code of a call that is refused. */
export async function refusal(call) {
    try {
        await call;
    } catch (error) {
        return error.body?.errcode ?? error;
    }
    return "nothing: it was allowed";
}

/** The texts of a room as this person sees them, the oldest first. */
export async function texts(client, roomId) {
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/messages`;
    const { chunk } = await client.doRequest("GET", path, { dir: "f", limit: 100 });
    return chunk.filter((event) => event.type === "m.room.message").map((event) => event.content.body);
}
