// Our simulator of WeCom as a process, with two people, an app, a bot and a group.

import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import readline from "node:readline";

export const APP = 1000002;
export const BOT = "aibSuite";
export const BOT_SECRET = "the secret of the bot";
export const TOKEN = "SuiteToken01";
/** Its last character carries bits that nobody uses, as keys of the console do. */
export const KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";

export class Simulator {
    /** Starts one whose waits between tries are short. */
    static async start() {
        const simulator = new Simulator();
        simulator.process = spawn(process.env.LIANQIAO_WECOM_SIMULATOR, ["--time-scale", "50"], {
            stdio: ["pipe", "pipe", "inherit"],
        });
        const [line] = await once(readline.createInterface(simulator.process.stdout), "line");
        Object.assign(simulator, JSON.parse(line));
        for (const [user_id, name] of [["ZhangSan", "张三"], ["lisi", "Li Si"]]) {
            await simulator.act("add_person", { user_id, name });
        }
        const made = await simulator.act("add_app", { app: APP, secret: "the secret of the app", name: "Bridge" });
        simulator.corp = made.corp_id;
        await simulator.act("add_bot", { bot: BOT, secret: BOT_SECRET, name: "Robot" });
        const chat = await simulator.act("add_chat", { name: "Sales", people: ["ZhangSan", "lisi"], bots: [BOT] });
        simulator.chat = chat.chat_id;
        return simulator;
    }

    /** What the control API answers; a refusal is an error. */
    async act(command, values = {}) {
        const answer = await fetch(`${this.control}/do`, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ do: command, ...values }),
        });
        const value = await answer.json();
        if (!answer.ok) throw new Error(`${command}: ${value.msg}`);
        return value;
    }

    /** A person writes into the group and mentions the bot, or into another chat. */
    async speak(text, chat = this.chat) {
        const at = chat === this.chat ? [BOT] : [];
        return (await this.act("speak", { person: "lisi", chat, text, at })).message_id;
    }

    async shown(chat = this.chat) {
        return (await this.act("show", { chat, person: "lisi" })).messages;
    }

    fail(name, value = null) {
        return this.act("fail", { name, times: 1, value });
    }

    async stop() {
        this.process.stdin.end();
        await once(this.process, "exit");
    }
}

/** A server of ours that answers posts and checks by `answer(query, body)`, which gives a text. */
export async function door(answer) {
    const server = http.createServer(async (request, response) => {
        const parts = [];
        for await (const part of request) parts.push(part);
        const query = new URL(request.url, "http://door").searchParams;
        try {
            response.end(answer(query, Buffer.concat(parts).toString()));
        } catch (error) {
            response.statusCode = 403;
            response.end(error.message);
        }
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return { url: `http://127.0.0.1:${server.address().port}/hook`, close: () => server.close() };
}
