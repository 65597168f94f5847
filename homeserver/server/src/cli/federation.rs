//! `lianqiao federation check NAME`: what works between this server and another one, step by step.

use std::path::Path;

use base::Clock;
use clap::Subcommand;
use config::{Config, DatabaseEngine};
use federation::{
    Federation,
    client::Limits,
    discovery::{Directions, FoundBy},
};
use http::Method;
use ruma::{OwnedServerName, api::federation::query::get_room_information};

use super::{OnConfig, output::say};
use crate::{Options, parts, signing_key};

/// What `federation` does.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Says step by step what works between this server and another one.
    Check {
        /// The other server's name, the part after the colon of its users' ids.
        server: String,
    },
}

pub(super) async fn run(arguments: OnConfig<Action>) -> Result<(), String> {
    let config = arguments.file.read()?;
    match arguments.action {
        Action::Check { server } => check(&config, &server).await,
    }
}

/// Works on a store of its own in memory, so that a server may run meanwhile; it signs with the same key.
async fn check(config: &Config, server: &str) -> Result<(), String> {
    let server = OwnedServerName::try_from(server)
        .map_err(|error| format!("`{server}` is no server name: {error}"))?;
    let directory = Path::new(&config.server.data_directory);
    let own_keys = signing_key::load(directory).map_err(|error| error.to_string())?;
    let folder = std::env::temp_dir().join(format!("lianqiao-check-{}", std::process::id()));
    let mut config = config.clone();
    config.database.engine = DatabaseEngine::Memory;
    config.server.data_directory = folder.to_string_lossy().into_owned();
    config.media.directory = None;
    let options = Options { own_keys: Some(own_keys), ..Options::default() };
    let parts = parts::build(&config, options).await.map_err(|error| error.to_string())?;
    let outcome = steps(&parts.app.federation, &server).await;
    parts.shutdown.trigger();
    parts.store.close().await;
    // Where nothing was written there is nothing to remove.
    let _ = std::fs::remove_dir_all(folder);
    outcome
}

/// Each step needs the ones before it, so the first that fails is the last.
async fn steps(federation: &Federation, server: &OwnedServerName) -> Result<(), String> {
    if !federation.policy().allows(server) {
        return Err(format!(
            "BAD   [federation] does not allow {server}: look at policy, allowed_servers, denied_servers"
        ));
    }
    say(&format!("good  [federation] allows {server}"));

    let directions = federation.discovery().find(server).await;
    describe(&directions);
    for route in &directions.routes {
        let host = route.connect_to.as_deref().unwrap_or(&route.host);
        match federation.parts().outbound.addresses(host).await {
            Ok(addresses) => {
                let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                say(&format!("good  {host} has the addresses {}", addresses.join(", ")));
            }
            Err(error) => say(&format!(
                "BAD   {error}: look at the name service; a private address must be named in outbound.allowed_ranges"
            )),
        }
    }

    let limits = Limits::default().insisting();
    let version =
        federation.client().request_json(server, Method::GET, "/_matrix/federation/v1/version", None, limits);
    match version.await {
        Ok(body) => say(&format!("good  it answers over TLS: {}", String::from_utf8_lossy(&body))),
        Err(error) => {
            return Err(format!(
                "BAD   {error}: look at its port and its certificate; an authority of your own goes into \
                 outbound.authorities_file"
            ));
        }
    }

    let now_ms = Clock::system().now_ms();
    match federation.ring().valid_key_ids(server, now_ms).await[..] {
        [] => return Err("BAD   its signing keys cannot be had, or are not signed by themselves".to_owned()),
        ref keys => say(&format!("good  its signing keys are {}", keys.join(", "))),
    }

    signed_requests(federation, server, limits).await
}

/// Whether the other server believes our signature, and lets us in.
async fn signed_requests(
    federation: &Federation,
    server: &OwnedServerName,
    limits: Limits,
) -> Result<(), String> {
    // Any alias will do: whether there is one or not, only a believed signature gets so far.
    let alias = format!("#lianqiao-check:{server}").try_into();
    let alias = alias.map_err(|error: ruma::IdParseError| error.to_string())?;
    let asked = federation.client().send(server, get_room_information::v1::Request::new(alias), limits).await;
    match asked {
        Err(error) if !error.is_refusal() || error.status() == Some(401) => Err(format!(
            "BAD   it does not take our signed requests ({error}): it must reach {} and get our keys from there; run this \
             command on its side as well",
            federation.server_name()
        )),
        Err(error) if error.status() == Some(403) => {
            say("good  it believes our signature, so it reaches us too");
            // A partner may be kept from the directory; a question of no kind at all is kept from strangers only.
            let path = "/_matrix/federation/v1/query/lianqiao_check";
            match federation.client().request_json(server, Method::GET, path, None, limits).await {
                Err(other) if other.status() == Some(403) => Err(format!(
                    "BAD   it does not let our server in ({error}): its operator has to allow {}",
                    federation.server_name()
                )),
                Ok(_) | Err(_) => {
                    say(&format!("note  it does not show us its directory ({error})"));
                    Ok(())
                }
            }
        }
        Ok(_) | Err(_) => {
            say("good  it believes our signature, so it reaches us too");
            Ok(())
        }
    }
}

fn describe(directions: &Directions) {
    let found = match directions.found_by {
        FoundBy::Address => "its name is an address",
        FoundBy::Port => "its name has a port",
        FoundBy::WellKnown => "its well-known document names where it is",
        FoundBy::ServiceRecord => "service records name where it is",
        FoundBy::DefaultPort => "nothing names another place than port 8448",
    };
    say(&format!("good  {found}"));
    if let Some(name) = &directions.delegated_to {
        say(&format!("good  its well-known document says {name}"));
    }
    for route in &directions.routes {
        let through = route.connect_to.as_ref().map(|host| format!(", by {host}")).unwrap_or_default();
        say(&format!(
            "good  it is asked at {}:{}{through} and must have a certificate for {}",
            route.host, route.port, route.host
        ));
    }
}
