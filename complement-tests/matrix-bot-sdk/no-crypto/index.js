// The library loads its native encryption whether it is used or not. This suite speaks in clear only: whoever
// touches encryption all the same is told.
module.exports = new Proxy(
    {},
    {
        get(_, name) {
            throw new Error(`this suite is without encryption, but something asked for ${String(name)}`);
        },
    },
);
