// The real binary as a process on loopback, with its data on disk.
// Owns starting, stopping and killing it; knows nothing of Matrix beyond "does it answer yet".

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 30_000;

export const SERVER_NAME = "suite.example";

export class Server {
    /** `more` may add lines to `[server]` and further sections, knowing the address. */
    static async start(more = () => ({})) {
        const server = new Server();
        server.folder = fs.mkdtempSync(path.join(os.tmpdir(), "lianqiao-suite-"));
        server.port = await freePort();
        server.baseUrl = `http://127.0.0.1:${server.port}`;
        fs.writeFileSync(server.configFile, config(server.folder, server.port, await freePort(), more(server.baseUrl)));
        await server.spawn();
        return server;
    }

    get configFile() {
        return path.join(this.folder, "lianqiao.toml");
    }

    /** Runs a command of the binary, such as `["appservice", "reload"]`, and returns what it printed. */
    async runs(command) {
        const env = { ...process.env, LIANQIAO_CONFIG: this.configFile };
        return (await promisify(execFile)(process.env.LIANQIAO_BIN, command, { env })).stdout;
    }

    get log() {
        return fs.readFileSync(path.join(this.folder, "server.log"), "utf8");
    }

    async spawn() {
        const log = fs.openSync(path.join(this.folder, "server.log"), "a");
        const binary = process.env.LIANQIAO_BIN;
        this.process = spawn(binary, ["serve", "--config", this.configFile], { stdio: ["ignore", log, log] });
        fs.closeSync(log);
        const deadline = Date.now() + START_MS_MAX;
        while (!(await answers(this.baseUrl))) {
            if (this.process.exitCode !== null || Date.now() > deadline) {
                throw new Error(`the server does not start:\n${this.log}`);
            }
            await sleep(20);
        }
    }

    /** Asks the process to stop and waits until it has. */
    async stop() {
        const ended = once(this.process, "exit");
        this.process.kill("SIGTERM");
        const late = sleep(STOP_MS_MAX, "late", { ref: false });
        if ((await Promise.race([ended, late])) === "late") {
            this.process.kill("SIGKILL");
            throw new Error("the server ignored the request to stop");
        }
    }

    /** Kills the process where it stands. */
    async kill() {
        const ended = once(this.process, "exit");
        this.process.kill("SIGKILL");
        await ended;
    }

    async remove() {
        await this.kill();
        fs.rmSync(this.folder, { recursive: true, force: true });
    }
}

async function answers(baseUrl) {
    try {
        return (await fetch(`${baseUrl}/_matrix/client/versions`)).ok;
    } catch {
        return false;
    }
}

export async function freePort() {
    const listener = net.createServer().listen(0, "127.0.0.1");
    await once(listener, "listening");
    const { port } = listener.address();
    listener.close();
    await once(listener, "close");
    return port;
}

function config(folder, port, privatePort, { server = "", further = "" }) {
    return `
[server]
name = "${SERVER_NAME}"
data_directory = "${path.join(folder, "data")}"
${server}
[listeners]
client = ["127.0.0.1:${port}"]
federation = []
private = ["127.0.0.1:${privatePort}"]
[registration]
open = true
[passwords]
memory_kibibytes = 8
passes = 1
[rate_limits]
enabled = false
${further}
`;
}
