//! Joining a large room that Synapse serves: Lianqiao does, and then a second Synapse.
//!
//! The first Synapse gets the room from the generator, because making so many people there would take most of an hour; the
//! generator lets nobody else in and tells nobody the state. It stays for its keys, which have signed what its people did.

use serde_json::json;
use testkit::{Authority, Peer, PeerRoom};

use super::{HOST, Sizes, Stage, join, large_room};
use crate::client::Client;
use crate::measure::Measure;
use crate::target::{LianqiaoOptions, SynapseOptions, Target};

/// What the generator answers nobody but the first Synapse.
const ENTRANCES: [&str; 4] = ["/make_join/", "/send_join/", "/state_ids/", "/state/"];

/// Figures of both servers, Lianqiao's first.
pub async fn all(
    lianqiao: &LianqiaoOptions,
    synapse: &SynapseOptions,
    sizes: Sizes,
) -> Result<Vec<(String, Vec<Measure>)>, String> {
    let authority = Authority::new(&[HOST.to_owned()]);
    let (mut host, host_name) = Target::federating_synapse(synapse, HOST, &authority, "host")?;
    let outcome = async {
        host.start().await?;
        let (peer, room) = filled(&host, &host_name, &authority, sizes).await?;
        // Those of the room, the one who brought it here, and alice.
        let members = sizes.members + 2;
        let there = (&room, host_name.as_str());
        let (mut ours, name) = Target::federating(lianqiao, HOST, &authority)?;
        let measured = entered(&mut ours, name, &authority, there, (sizes, members)).await;
        // And alice of the other server, which stays: who cannot ask it for its keys cannot believe the last words there.
        let (mut guest, name) = Target::federating_synapse(synapse, HOST, &authority, "guest")?;
        let theirs = match &measured {
            Ok(_) => entered(&mut guest, name, &authority, there, (sizes, members + 1)).await,
            Err(_) => Ok(Vec::new()),
        };
        guest.stop().await;
        ours.stop().await;
        drop(peer);
        Ok(vec![("Lianqiao".to_owned(), measured?), ("Synapse".to_owned(), theirs?)])
    };
    let outcome = outcome.await;
    host.stop().await;
    outcome
}

/// Brings a large room to the first Synapse, and shuts every other way into it.
async fn filled(
    host: &Target,
    name: &str,
    authority: &Authority,
    sizes: Sizes,
) -> Result<(Peer, PeerRoom), String> {
    let peer = Peer::at(authority, HOST).await;
    let room = large_room(&peer, sizes.members, sizes.parts);
    let alice = Client::new(host.url())?.register("bringer").await?;
    let stage = Stage { target: host, server: name.to_owned(), authority, alice };
    let what = format!("Synapse is filled with {} members", sizes.members);
    drop(join::entered(&stage, &room, peer.name(), &what, sizes.members + 1).await?);
    for entrance in ENTRANCES {
        peer.answers(entrance, 404, json!({ "errcode": "M_NOT_FOUND", "error": "not here" }));
    }
    Ok((peer, room))
}

/// Starts a server and has alice of it enter the room through the first Synapse.
async fn entered(
    target: &mut Target,
    server: String,
    authority: &Authority,
    (room, via): (&PeerRoom, &str),
    (sizes, members): (Sizes, usize),
) -> Result<Vec<Measure>, String> {
    target.start().await?;
    let alice = Client::new(target.url())?.register("alice").await?;
    let what = format!(
        "join of {} members, {} state events, served by Synapse",
        sizes.members,
        sizes.members + sizes.parts
    );
    let stage = Stage { target, server, authority, alice };
    join::entered(&stage, room, via, &what, members).await
}
