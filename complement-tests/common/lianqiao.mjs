// The real binary as a process on loopback, with its data on disk.
// Owns starting, stopping and killing it; knows nothing of Matrix beyond "does it answer yet".

import { execFile, spawn } from "node:child_process";
import dgram from "node:dgram";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 30_000;
// Among so many ports one is chosen.
const PORTS = 12_000;

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

// What keeps the ports of this process: one socket of UDP for each, which nobody else can bind as long as this process lives.
const kept = [];

async function isBound(socket, bind) {
    bind();
    return Promise.race([once(socket, "listening").then(() => true), once(socket, "error").then(() => false)])
        .catch(() => false);
}

/** A port that no other suite takes before this process ends, and no outgoing connection: it lies below theirs. */
export async function freePort() {
    const first = Number(fs.readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split(/\s+/)[0]);
    for (let tries = 0; tries < PORTS; tries++) {
        const port = first - 1 - Math.floor(Math.random() * PORTS);
        const keeper = dgram.createSocket("udp4").unref();
        const listener = net.createServer();
        const address = { port, address: "127.0.0.1", host: "127.0.0.1", exclusive: true };
        const isFree = await isBound(keeper, () => keeper.bind(address)) && await isBound(listener, () => listener.listen(address));
        if (listener.listening) {
            listener.close();
            await once(listener, "close");
        }
        if (isFree) {
            kept.push(keeper);
            return port;
        }
        keeper.close();
    }
    throw new Error("no port is free");
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
