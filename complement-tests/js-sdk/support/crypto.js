// What people do for their secrets: a store of secrets opened by a recovery key, messages as they read them, and two
// devices that compare what they see.

import { CryptoEvent, VerificationPhase, VerifierEvent } from "matrix-js-sdk/lib/crypto-api/index.js";

import { until } from "../../common/until.mjs";
import { eventIn, logIn } from "./people.js";

export const ENCRYPTED = {
    preset: "private_chat",
    initial_state: [
        { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } },
    ],
};

/** The recovery key of a person, as they would keep it on paper. */
export class Paper {
    key = null;

    /** What the library asks when it needs the key. */
    get callbacks() {
        return {
            getSecretStorageKey: async ({ keys }) => (this.key ? [Object.keys(keys)[0], this.key] : null),
            cacheSecretStorageKey: (_id, _info, key) => {
                this.key = key;
            },
        };
    }
}

/** Logs in on a new device that can encrypt. */
export function logInEncrypted(baseUrl, person, paper, options = {}) {
    return logIn(baseUrl, person, {
        ...options,
        cryptoCallbacks: paper?.callbacks,
        beforeStart: (client) => client.initRustCrypto({ useIndexedDB: false }),
    });
}

/** Cross-signing, secret storage and a key backup, as a person sets them up on the first device. */
export async function setUp(client, person) {
    const crypto = client.getCrypto();
    const authUploadDeviceSigningKeys = (makeRequest) =>
        makeRequest({
            type: "m.login.password",
            identifier: { type: "m.id.user", user: person.userId },
            password: person.password,
        });
    await crypto.bootstrapCrossSigning({ authUploadDeviceSigningKeys });
    await crypto.bootstrapSecretStorage({
        createSecretStorageKey: () => crypto.createRecoveryKeyFromPassphrase(),
        setupNewSecretStorage: true,
        setupNewKeyBackup: true,
    });
}

/** An event of a room once the client has it and knows whether it can read it. */
export async function settledEvent(client, roomId, eventId) {
    const event = await eventIn(client, roomId, eventId);
    await until(`the end of decrypting ${eventId}`, () => !event.isBeingDecrypted() && event.getClearContent() !== null);
    return event;
}

/** The text of an encrypted message once the client can read it. */
export async function readsIn(client, roomId, eventId) {
    const event = await eventIn(client, roomId, eventId);
    if (event.getWireType() !== "m.room.encrypted") throw new Error(`${eventId} was sent as ${event.getWireType()}`);
    return until(`the clear text of ${eventId} for ${client.getUserId()}`, () => {
        return event.getType() === "m.room.message" && !event.isDecryptionFailure() && event.getContent().body;
    });
}

/** Verifies a device of one's own by emoji: `asking` begins, `asked` agrees, and both see the same. */
export async function verifyByEmoji(asking, asked) {
    const incoming = new Promise((resolve) => asked.once(CryptoEvent.VerificationRequestReceived, resolve));
    const request = await asking.getCrypto().requestDeviceVerification(asking.getUserId(), asked.getDeviceId());
    const received = await incoming;
    await received.accept();
    await until("the request is ready", () => request.phase === VerificationPhase.Ready);
    const verifiers = [await request.startVerification("m.sas.v1")];
    verifiers.push(await until("the other's verifier", () => received.verifier));
    const shown = [];
    const compared = verifiers.map((verifier, at) => {
        const show = (sas) => {
            shown[at] = sas;
            // Nobody confirms before both screens show something.
            until("both emoji", () => shown[0] && shown[1]).then(() => sas.confirm());
        };
        const early = verifier.getShowSasCallbacks();
        if (early) show(early);
        else verifier.once(VerifierEvent.ShowSas, show);
        return verifier.verify();
    });
    await Promise.all(compared);
    return shown.map((sas) => sas.sas.emoji.map(([, name]) => name));
}

/** A line to the server that can be cut: what the client sends then waits until it is mended. */
export class Line {
    cut() {
        this.mended = new Promise((resolve) => {
            this.mend = resolve;
        });
    }

    get fetchFn() {
        return async (...request) => {
            await this.mended;
            return fetch(...request);
        };
    }
}
