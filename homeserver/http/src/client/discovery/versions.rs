//! `GET /_matrix/client/versions`

use std::sync::LazyLock;

use axum::extract::State;
use bytes::Bytes;
use ruma::api::{
    OutgoingResponseExt as _,
    client::discovery::get_supported_versions::{Request, Response},
};

use crate::{App, JsonBytes, MatrixError, Public};

/// Releases of the specification that this server speaks. The old r0 names stay, because clients of
/// that age look for nothing else; no release is left out, because clients look for single ones.
pub const VERSIONS: [&str; 22] = [
    "r0.5.0", "r0.6.0", "r0.6.1", "v1.1", "v1.2", "v1.3", "v1.4", "v1.5", "v1.6", "v1.7", "v1.8", "v1.9",
    "v1.10", "v1.11", "v1.12", "v1.13", "v1.14", "v1.15", "v1.16", "v1.17", "v1.18", "v1.19",
];

/// Features under their unstable names that clients look for before they use them, in the order of
/// their names. Only what works stands here.
pub const UNSTABLE_FEATURES: &[&str] = &[
    "com.beeper.msc4169",
    "com.beeper.msc4446",
    "org.matrix.e2e_cross_signing",
    "org.matrix.label_based_filtering",
    "fi.mau.msc2659.stable",
    "org.matrix.msc2285.stable",
    "org.matrix.msc3026.busy_presence",
    "org.matrix.msc3030",
    "org.matrix.msc3030.stable",
    "org.matrix.msc3266",
    "org.matrix.msc3391",
    "org.matrix.msc3440.stable",
    "org.matrix.msc3757",
    "org.matrix.msc3771",
    "org.matrix.msc3773",
    "org.matrix.msc3827.stable",
    "org.matrix.msc3856",
    "org.matrix.msc3856.stable",
    "org.matrix.msc3874",
    "org.matrix.msc3881",
    "org.matrix.msc3912",
    "org.matrix.msc3916.stable",
    "org.matrix.msc3952_intentional_mentions",
    "org.matrix.msc4028",
    "org.matrix.msc4108",
    "org.matrix.msc4140",
    "org.matrix.msc4155",
    "org.matrix.msc4222",
    "org.matrix.msc4262",
    "org.matrix.msc4306",
    "org.matrix.msc4354",
    "org.matrix.msc4380.stable",
    "org.matrix.simplified_msc3575",
    "uk.half-shot.msc2666.query_mutual_rooms",
    "uk.half-shot.msc2666.query_mutual_rooms.stable",
    "uk.tcpip.msc4133",
    "uk.tcpip.msc4133.stable",
    "uk.timedout.msc4491.create_room_invite_reasons",
];

/// Named when the operator has set up what it takes for calls.
const RTC_TRANSPORTS: &str = "org.matrix.msc4143";

/// Named when what redacted events said is kept for a while.
const UNREDACTED_CONTENT: &str = "fi.mau.msc2815";

/// Whether rooms of a preset are always encrypted here: clients ask, and nobody forces them.
const FORCED_ENCRYPTION: [&str; 3] = [
    "io.element.e2ee_forced.private",
    "io.element.e2ee_forced.public",
    "io.element.e2ee_forced.trusted_private",
];

/// The answers without and with calls, each without and with unredacted content; the same for everybody, and asked
/// for at every start of every client.
static ANSWERS: LazyLock<[[Result<Bytes, String>; 2]; 2]> =
    LazyLock::new(|| [false, true].map(|rtc| [false, true].map(|unredacted| answer(rtc, unredacted))));

fn answer(has_rtc: bool, has_unredacted: bool) -> Result<Bytes, String> {
    let mut response = Response::new(VERSIONS.map(str::to_owned).to_vec());
    let features = UNSTABLE_FEATURES.iter().map(|name| (*name, true));
    let rtc = has_rtc.then_some((RTC_TRANSPORTS, true));
    let unredacted = has_unredacted.then_some((UNREDACTED_CONTENT, true));
    let all = features.chain(rtc).chain(unredacted).chain(FORCED_ENCRYPTION.map(|name| (name, false)));
    response.unstable_features = all.map(|(name, is_on)| (name.to_owned(), is_on)).collect();
    let response = response.try_into_http_response::<Vec<u8>>().map_err(|error| error.to_string())?;
    Ok(Bytes::from(response.into_body()))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientversions)
pub async fn handler(State(app): State<App>, _: Public<Request>) -> Result<JsonBytes, MatrixError> {
    let [without_rtc, with_rtc] = &*ANSWERS;
    let [without, with] = if app.settings.rtc_livekit_urls.is_empty() { without_rtc } else { with_rtc };
    match if app.rooms.keeps_redacted_content() { with } else { without } {
        Ok(answer) => Ok(JsonBytes(answer.clone())),
        Err(error) => Err(MatrixError::internal("serialise answer", error)),
    }
}
