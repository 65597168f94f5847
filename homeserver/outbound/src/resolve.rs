//! From a name to the addresses that may be connected to: one look-up, filtered, and nothing asked twice.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::timeout;

use crate::{
    OutboundError,
    guard::Guard,
    limits::{ADDRESSES_MAX, LOOKUP_TIME_MAX},
};

/// The addresses of a name, some time later.
pub type LookedUp = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Whoever knows the addresses of names. Tests bring one that lies.
pub trait Lookup: Send + Sync {
    /// All addresses of a name.
    fn lookup(&self, name: String) -> LookedUp;
}

/// The resolver of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, name: String) -> LookedUp {
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(addresses.map(|address| address.ip()).collect())
        })
    }
}

/// Looks a name up, in bounded time; an empty answer is an error.
pub(crate) async fn addresses(lookup: &dyn Lookup, name: &str) -> Result<Vec<IpAddr>, OutboundError> {
    let unresolvable = || OutboundError::Unresolvable(name.to_owned());
    let found = timeout(LOOKUP_TIME_MAX, lookup.lookup(name.to_owned())).await;
    let mut found = found.map_err(|_| unresolvable())?.map_err(|_| unresolvable())?;
    found.truncate(ADDRESSES_MAX);
    if found.is_empty() { Err(unresolvable()) } else { Ok(found) }
}

/// The resolver of the direct client: what it answers is what is connected to.
pub(crate) struct Filtering {
    pub guard: Arc<Guard>,
    pub lookup: Arc<dyn Lookup>,
}

impl Resolve for Filtering {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, lookup) = (Arc::clone(&self.guard), Arc::clone(&self.lookup));
        Box::pin(async move {
            let name = name.as_str();
            let mut found = addresses(&*lookup, name).await?;
            if !guard.is_exempt_host(name) {
                found.retain(|address| guard.allows(*address));
            }
            if found.is_empty() {
                return Err(OutboundError::Blocked(name.to_owned()).into());
            }
            Ok(sockets(found))
        })
    }
}

/// The resolver of the client that only ever connects to the operator's proxy.
pub(crate) struct Unfiltered(pub Arc<dyn Lookup>);

impl Resolve for Unfiltered {
    fn resolve(&self, name: Name) -> Resolving {
        let lookup = Arc::clone(&self.0);
        Box::pin(async move { Ok(sockets(addresses(&*lookup, name.as_str()).await?)) })
    }
}

/// Port 0 lets the client put in the port of the URL.
fn sockets(addresses: Vec<IpAddr>) -> Addrs {
    Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)))
}
