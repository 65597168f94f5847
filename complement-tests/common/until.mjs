// Waiting for what must come.

import { setTimeout as sleep } from "node:timers/promises";

const PATIENCE_MS = 20_000;

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
