// A browser without scripts: cookies for each origin, redirects, forms.

const STEPS_MAX = 20;

export class Browser {
    #cookies = new Map();

    /** Opens an address and follows redirects, but not to an app: `isApp` says what is one. */
    async open(address, isApp, form) {
        for (let step = 0; step < STEPS_MAX; step++) {
            if (isApp(address)) {
                return { app: new URL(address) };
            }
            const response = await this.#request(address, form);
            const location = response.headers.get("location");
            if (!location) {
                return { address, status: response.status, text: await response.text() };
            }
            await response.body?.cancel();
            address = new URL(location, address).href;
            form = undefined;
        }
        throw new Error(`too many redirects at ${address}`);
    }

    /** Sends the first form of a page, with these values in it. */
    async submit(page, values, isApp) {
        const action = /<form[^>]*action="([^"]*)"/.exec(page.text)?.[1];
        if (!action) {
            throw new Error(`no form at ${page.address}: ${page.text}`);
        }
        const form = new URLSearchParams();
        for (const [input] of page.text.matchAll(/<input[^>]*>/g)) {
            const name = /name="([^"]*)"/.exec(input)?.[1];
            if (name && /type="hidden"/.test(input)) {
                form.set(name, /value="([^"]*)"/.exec(input)?.[1] ?? "");
            }
        }
        for (const [name, value] of Object.entries(values)) {
            form.set(name, value);
        }
        return this.open(new URL(action.replaceAll("&amp;", "&"), page.address).href, isApp, form);
    }

    async #request(address, form) {
        const url = new URL(address);
        const jar = this.#cookies.get(url.origin) ?? new Map();
        this.#cookies.set(url.origin, jar);
        const sent = [...jar.values()].filter((cookie) => url.pathname.startsWith(cookie.path));
        const headers = { cookie: sent.map((cookie) => cookie.pair).join("; ") };
        const method = form ? "POST" : "GET";
        const response = await fetch(url, { method, headers, body: form, redirect: "manual" });
        for (const line of response.headers.getSetCookie()) {
            const [pair, ...attributes] = line.split(/;\s*/);
            const name = pair.slice(0, pair.indexOf("="));
            const path = attributes.find((text) => /^path=/i.test(text))?.slice(5) ?? "/";
            const isOver = attributes.some((text) => /^max-age=0$/i.test(text) || /^expires=Thu, 01 Jan 1970/i.test(text));
            if (isOver) {
                jar.delete(`${name} ${path}`);
            } else {
                jar.set(`${name} ${path}`, { pair, path });
            }
        }
        return response;
    }
}
