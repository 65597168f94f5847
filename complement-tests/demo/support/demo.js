// The demonstration as a process, its pages in Chromium, and the room behind them.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

export const PATIENCE_MS = 60_000;
const CHROMIUM = process.env.LIANQIAO_CHROMIUM ?? "/usr/bin/chromium";
const QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
];

export class Demo {
    /** Starts it and returns when everything is bound. */
    static async start() {
        const demo = new Demo();
        demo.process = spawn("./show", ["--json"], { stdio: ["pipe", "pipe", "inherit"] });
        const lines = createInterface({ input: demo.process.stdout });
        const { value } = await lines[Symbol.asyncIterator]().next();
        if (!value) throw new Error("the demonstration does not start");
        Object.assign(demo, JSON.parse(value));
        demo.folder = await mkdtemp(join(tmpdir(), "lianqiao-chromium-"));
        demo.browser = await chromium.launchPersistentContext(demo.folder, {
            executablePath: CHROMIUM, args: QUIET, viewport: { width: 900, height: 560 }, locale: "zh-CN",
        });
        demo.browser.setDefaultTimeout(PATIENCE_MS);
        return demo;
    }

    async stop() {
        await this.browser?.close();
        await rm(this.folder, { recursive: true, force: true });
        const ended = new Promise((resolve) => this.process.once("exit", resolve));
        this.process.stdin.end();
        await ended;
    }

    /** Opens the page of a platform as somebody there. */
    async open(platform, person, language = "zh") {
        const page = await this.browser.newPage();
        page.asked = [];
        page.on("request", (request) => page.asked.push(new URL(request.url()).origin));
        await page.goto(`${this.pages[platform]}/?person=${person}&language=${language}`);
        await page.locator("#chats button[aria-current]").waitFor();
        return page;
    }

    async matrix(method, path, body, account = "zhaoliu") {
        const headers = { authorization: `Bearer ${this.tokens[account]}`, "content-type": "application/json" };
        const url = `${this.homeserver}/_matrix/client/v3/${path}`;
        const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
        if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
        return answer.json();
    }

    /** Somebody of Matrix writes into the room, or another one. */
    async says(text, account, room = this.room) {
        const path = `rooms/${encodeURIComponent(room)}/send/m.room.message/${encodeURIComponent(text)}`;
        return this.matrix("PUT", path, { msgtype: "m.text", body: text }, account);
    }

    /** Waits until the room, or another one of somebody's, holds an event that `isIt` takes, and returns it. */
    async heard(isIt, what, room = this.room, account = undefined) {
        const end = Date.now() + PATIENCE_MS;
        while (Date.now() < end) {
            const page = await this.matrix("GET", `rooms/${encodeURIComponent(room)}/messages?dir=b&limit=100`, undefined, account);
            const found = page.chunk.find(isIt);
            if (found) return found;
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
        throw new Error(`the room does not hold ${what}`);
    }

    /** Waits until a bot has said these words to Ann in their chat, in words of now; in answer to an event if one is named. */
    async told(bot, words, answered = undefined) {
        const says = (event) => {
            const { body, "m.new_content": now, "m.relates_to": relation } = event.content;
            const isAnswer = !answered || relation?.["m.in_reply_to"]?.event_id === answered;
            return event.sender.startsWith(`@${bot}:`) && isAnswer && [body, now?.body].some((text) => text?.includes(words));
        };
        return this.heard(says, words, this.desks[bot], "ann");
    }

    /** Does something on a platform beside its page. */
    async simulate(platform, command) {
        const options = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(command) };
        const answer = await fetch(`${this.pages[platform]}/do`, options);
        if (!answer.ok) throw new Error(`${command.do}: ${await answer.text()}`);
        return answer.json();
    }

    /** Asks the API of Feishu as the app. */
    async feishu(method, path, body) {
        const login = { app_id: this.app.id, app_secret: this.app.secret };
        const post = (path, body, headers = {}) =>
            fetch(this.apis.feishu + path, { method, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });
        const token = await (await post("/open-apis/auth/v3/tenant_access_token/internal", login)).json();
        return (await post(path, body, { authorization: `Bearer ${token.tenant_access_token}` })).json();
    }
}

/** Writes on a page. */
export async function write(page, text) {
    await page.locator("#text").fill(text);
    await page.locator("#text").press("Enter");
    return message(page, text);
}

/** The message with these words, once it is there. */
export async function message(page, text) {
    const found = page.locator(".message", { hasText: text });
    await found.first().waitFor();
    return found;
}
