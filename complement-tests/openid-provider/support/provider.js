// oidc-provider on loopback: people by their login, its own pages for signing on and consenting.

import { once } from "node:events";
import http from "node:http";

import Provider from "oidc-provider";

export const CLIENT_ID = "lianqiao";
export const CLIENT_SECRET = "a secret of some length";

export async function startProvider(port, homeserver, id) {
    const issuer = `http://127.0.0.1:${port}`;
    const provider = new Provider(issuer, {
        clients: [
            {
                client_id: CLIENT_ID,
                client_secret: CLIENT_SECRET,
                grant_types: ["authorization_code"],
                response_types: ["code"],
                redirect_uris: [`${homeserver}/_lianqiao/single-sign-on/${id}/callback`],
                backchannel_logout_uri: `${homeserver}/_lianqiao/single-sign-on/${id}/logout`,
                backchannel_logout_session_required: true,
            },
        ],
        claims: {
            openid: ["sub", "sid"],
            profile: ["name", "preferred_username"],
            email: ["email", "email_verified"],
        },
        features: { backchannelLogout: { enabled: true } },
        pkce: { required: () => true },
        cookies: { keys: ["a key for cookies"] },
        async findAccount(_, login) {
            const claims = {
                sub: login,
                name: `${login} 王`,
                preferred_username: login,
                email: `${login}@corp.example`,
                email_verified: true,
            };
            return { accountId: login, claims: async () => claims };
        },
    });
    const listener = http.createServer(provider.callback()).listen(port, "127.0.0.1");
    await once(listener, "listening");
    return { issuer, provider, stop: () => listener.close() };
}
