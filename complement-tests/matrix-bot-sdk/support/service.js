// An application service on matrix-bot-sdk at a server of its own, and what it was told.

import "./quiet.js";

import fs from "node:fs";
import path from "node:path";

import { Appservice, SimpleRetryJoinStrategy } from "matrix-bot-sdk";

import { SERVER_NAME, Server, freePort } from "../../common/lianqiao.mjs";
import { until } from "../../common/until.mjs";

const AS_TOKEN = "the-service-shows-this";
const HS_TOKEN = "the-server-shows-this";

export class Service {
    /** Starts a server, tells it of the service while it runs, and starts the service. */
    static async start() {
        const service = new Service();
        service.server = await Server.start();
        service.port = await freePort();
        const file = path.join(service.server.folder, "registration.yaml");
        fs.writeFileSync(file, registration(service.port));
        await service.server.runs(["appservice", "add", file]);
        await service.comesUp();
        return service;
    }

    /** What it was told, in order: `[kind, ...arguments]`. */
    heard = [];
    #listener;

    /** Listens; what it knew before is what this object still holds. */
    async comesUp() {
        this.sdk = new Appservice({
            port: this.port,
            bindAddress: "127.0.0.1",
            homeserverName: SERVER_NAME,
            homeserverUrl: this.server.baseUrl,
            storage: this.sdk?.storage,
            joinStrategy: new SimpleRetryJoinStrategy(),
            registration: {
                id: "bot-sdk",
                as_token: AS_TOKEN,
                hs_token: HS_TOKEN,
                sender_localpart: "servicebot",
                namespaces: {
                    users: [{ exclusive: true, regex: `@service_.*:${SERVER_NAME}` }],
                    rooms: [],
                    aliases: [{ exclusive: true, regex: `#service_.*:${SERVER_NAME}` }],
                },
                protocols: ["telegraph"],
            },
        });
        const kinds = ["room.message", "room.invite", "room.join", "ephemeral.event", "query.user", "query.room"];
        for (const kind of kinds) {
            this.sdk.on(kind, (...told) => this.heard.push([kind, ...told]));
        }
        await this.sdk.begin();
    }

    /** Goes away without a word to the server. */
    goesDown() {
        this.sdk.stop();
        this.sdk.appServer.closeAllConnections();
    }

    get bot() {
        return this.sdk.botIntent;
    }

    ghost(name) {
        return this.sdk.getIntentForUserId(`@service_${name}:${SERVER_NAME}`);
    }

    /** The texts that were written in a room, in the order in which the service heard of them. */
    texts(roomId) {
        const messages = this.heard.filter(([kind, room]) => kind === "room.message" && room === roomId);
        return messages.map(([, , event]) => event.content.body);
    }

    /** Waits until it was told what `is` recognises. */
    hears(what, is) {
        return until(what, () => this.heard.find(is));
    }

    async remove() {
        this.goesDown();
        await this.server.remove();
    }
}

function registration(port) {
    return `
id: bot-sdk
url: http://127.0.0.1:${port}
as_token: ${AS_TOKEN}
hs_token: ${HS_TOKEN}
sender_localpart: servicebot
rate_limited: false
protocols: [telegraph]
namespaces:
  users:
  - {exclusive: true, regex: '@service_.*:suite\\.example'}
  aliases:
  - {exclusive: true, regex: '#service_.*:suite\\.example'}
de.sorunome.msc2409.push_ephemeral: true
`;
}
