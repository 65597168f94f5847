//! Several servers that talk with each other over TLS on loopback.

use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use config::Config;
use outbound::{LookedUp, Lookup};
use server::Options;
use store::{Engine, MemoryKv};

use crate::{Authority, World, free_port};

/// The names and certificates of servers that know each other.
pub struct Neighbourhood {
    authority: Arc<Authority>,
}

impl Neighbourhood {
    /// A neighbourhood for servers with these names: `a` becomes `a.test`.
    #[must_use]
    pub fn new(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(|name| format!("{name}.test")).collect();
        Self { authority: Arc::new(Authority::new(&names)) }
    }

    /// The authority that all of them trust.
    #[must_use]
    pub fn authority(&self) -> &Arc<Authority> {
        &self.authority
    }

    /// Starts the server of this name, known to the others as `{name}.test:{port}`, with some settings changed.
    pub async fn server(&self, name: &str, change: impl FnOnce(&mut Config)) -> World {
        self.server_with(name, change, Options::default()).await
    }

    /// Like [`Neighbourhood::server`], with anything changed.
    pub async fn server_with(&self, name: &str, change: impl FnOnce(&mut Config), options: Options) -> World {
        let port = free_port();
        let engine: Arc<dyn Engine> = options.engine.unwrap_or_else(|| Arc::new(MemoryKv::new()));
        let lookup: Arc<dyn Lookup> = options.lookup.unwrap_or_else(|| Arc::new(Loopback));
        let options = Options { engine: Some(engine), lookup: Some(lookup), ..options };
        let authority = Arc::clone(&self.authority);
        let configure = move |config: &mut Config| {
            config.server.name = format!("{name}.test:{port}");
            config.listeners.federation = vec![format!("127.0.0.1:{port}")];
            config.listeners.shutdown_timeout_seconds = 1;
            config.outbound.allowed_ranges = vec!["127.0.0.0/8".to_owned()];
            authority.configure(config);
            change(config);
        };
        let mut world = World::in_process(configure, options).await;
        // The certificates are read again when the server starts again.
        world.keep(Arc::clone(&self.authority));
        world
    }
}

impl World {
    /// Servers that talk with each other, known as `{name}.test:{port}`.
    pub async fn federated<const N: usize>(names: [&str; N]) -> [Self; N] {
        let neighbourhood = Neighbourhood::new(&names);
        let mut worlds = Vec::with_capacity(N);
        for name in names {
            worlds.push(neighbourhood.server(name, |_| {}).await);
        }
        worlds.try_into().unwrap_or_else(|_| unreachable!("as many servers as names"))
    }
}

/// Every name ending in `.test` is this machine; there are no others.
struct Loopback;

impl Lookup for Loopback {
    fn lookup(&self, name: String) -> LookedUp {
        Box::pin(async move {
            if name.ends_with(".test") {
                Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)])
            } else {
                Err(io::Error::from(io::ErrorKind::NotFound))
            }
        })
    }
}
