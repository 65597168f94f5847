// The server as a relying party of a certified identity provider: sign on, come back, be logged out from there.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Server, freePort } from "../../common/lianqiao.mjs";
import { Browser } from "../support/browser.js";
import { CLIENT_ID, CLIENT_SECRET, startProvider } from "../support/provider.js";

const APP = "https://app.example/";
const PATIENCE_MS = 10_000;

const isApp = (address) => address.startsWith(APP);

describe("single sign-on at a certified provider", () => {
    let server, at;

    before(async () => {
        const port = await freePort();
        server = await Server.start((baseUrl) => ({
            server: `public_base_url = "${baseUrl}"`,
            further: `
[outbound]
allowed_ranges = ["127.0.0.0/8"]
[single_sign_on]
trusted_clients = ["${APP}"]
[[single_sign_on.providers]]
id = "certified"
issuer = "http://127.0.0.1:${port}"
client_id = "${CLIENT_ID}"
client_secret = "${CLIENT_SECRET}"
`,
        }));
        at = await startProvider(port, server.baseUrl, "certified");
    });

    after(async () => {
        at?.stop();
        await server?.remove();
    });

    async function signOn(browser, login) {
        const start = `${server.baseUrl}/_matrix/client/v3/login/sso/redirect?redirectUrl=${encodeURIComponent(APP)}`;
        let page = await browser.open(start, isApp);
        if (!page.app) {
            assert.match(page.text, /name="login"/, page.text);
            page = await browser.submit(page, { login, password: "any" }, isApp);
        }
        if (!page.app) {
            page = await browser.submit(page, {}, isApp);
        }
        assert.ok(page.app, page.text);
        const token = page.app.searchParams.get("loginToken");
        const answer = await fetch(`${server.baseUrl}/_matrix/client/v3/login`, {
            method: "POST",
            body: JSON.stringify({ type: "m.login.token", token }),
        });
        assert.equal(answer.status, 200);
        return answer.json();
    }

    const ask = (session, path) =>
        fetch(`${server.baseUrl}/_matrix/client/v3${path}`, {
            headers: { authorization: `Bearer ${session.access_token}` },
        });

    it("makes an account from the claims and finds it again", async () => {
        const browser = new Browser();
        const first = await signOn(browser, "alice");
        assert.equal(first.user_id, "@alice:suite.example");
        const profile = await (await ask(first, `/profile/${encodeURIComponent(first.user_id)}`)).json();
        assert.equal(profile.displayname, "alice 王");
        const addresses = await (await ask(first, "/account/3pid")).json();
        assert.equal(addresses.threepids[0].address, "alice@corp.example");
        // Signed on at the provider already: nobody is asked again.
        const second = await signOn(browser, "alice");
        assert.equal(second.user_id, first.user_id);
        assert.notEqual(second.device_id, first.device_id);
    });

    it("ends the sessions when the person logs out at the provider", async () => {
        const browser = new Browser();
        const alice = await signOn(browser, "alice");
        const bob = await signOn(new Browser(), "bob");
        const page = await browser.open(`${at.issuer}/session/end`, isApp);
        await browser.submit(page, { logout: "yes" }, isApp);
        const deadline = Date.now() + PATIENCE_MS;
        while ((await ask(alice, "/account/whoami")).status !== 401) {
            assert.ok(Date.now() < deadline, "the session ends");
            await sleep(50);
        }
        assert.equal((await ask(bob, "/account/whoami")).status, 200);
    });
});
