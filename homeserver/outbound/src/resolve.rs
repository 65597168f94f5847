//! From a name to the addresses that may be connected to: one look-up, filtered, and nothing asked twice.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, OnceLock},
};

use hickory_resolver::{TokioResolver, proto::rr::RData};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::timeout;

use crate::{
    OutboundError,
    guard::Guard,
    limits::{ADDRESSES_MAX, LOOKUP_TIME_MAX, SERVICE_LOOKUP_TIME_MAX, SERVICES_MAX},
};

/// The addresses of a name, some time later.
pub type LookedUp = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// One record of a service (RFC 2782).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The lowest is asked first.
    pub priority: u16,
    /// Among those of one priority, the share of the requests.
    pub weight: u16,
    /// The host that offers it, without the dot of the root.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// The records of a service, some time later.
pub type FoundServices = Pin<Box<dyn Future<Output = io::Result<Vec<Service>>> + Send>>;

/// Whoever knows the addresses of names. Tests bring one that lies.
pub trait Lookup: Send + Sync {
    /// All addresses of a name.
    fn lookup(&self, name: String) -> LookedUp;

    /// All records of a service; none where services are not looked up.
    fn services(&self, name: String) -> FoundServices {
        drop(name);
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// The resolver of the operating system; services are asked of the name servers that it is configured with.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemLookup;

/// Made at first use; none on a system that names no name servers.
static NAME_SERVERS: OnceLock<Option<TokioResolver>> = OnceLock::new();

fn name_servers() -> Option<&'static TokioResolver> {
    let made = NAME_SERVERS.get_or_init(|| {
        let mut builder = TokioResolver::builder_tokio().ok()?;
        let options = builder.options_mut();
        (options.timeout, options.attempts) = (SERVICE_LOOKUP_TIME_MAX / 2, 1);
        builder.build().ok()
    });
    made.as_ref()
}

impl Lookup for SystemLookup {
    fn lookup(&self, name: String) -> LookedUp {
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(addresses.map(|address| address.ip()).collect())
        })
    }

    fn services(&self, name: String) -> FoundServices {
        Box::pin(async move {
            let Some(resolver) = name_servers() else { return Ok(Vec::new()) };
            // With the dot of the root, so that no search domain is appended.
            let found = match resolver.srv_lookup(format!("{name}.")).await {
                Ok(found) => found,
                Err(error) if error.is_no_records_found() || error.is_nx_domain() => return Ok(Vec::new()),
                Err(error) => return Err(io::Error::other(error.to_string())),
            };
            Ok(found.answers().iter().filter_map(|record| service(&record.data)).collect())
        })
    }
}

fn service(data: &RData) -> Option<Service> {
    let RData::SRV(record) = data else { return None };
    let host = record.target.to_utf8();
    let host = host.strip_suffix('.').unwrap_or(&host).to_owned();
    Some(Service { priority: record.priority, weight: record.weight, host, port: record.port })
}

/// Looks the records of a service up, in bounded time, the most wanted first.
pub(crate) async fn services(lookup: &dyn Lookup, name: &str) -> Result<Vec<Service>, OutboundError> {
    let unresolvable = || OutboundError::Unresolvable(name.to_owned());
    let found = timeout(SERVICE_LOOKUP_TIME_MAX, lookup.services(name.to_owned())).await;
    let mut found = found.map_err(|_| unresolvable())?.map_err(|_| unresolvable())?;
    found.truncate(SERVICES_MAX);
    // A record whose host is the root says that there is decidedly no such service.
    found.retain(|service| !service.host.is_empty());
    found.sort_by_key(|service| (service.priority, std::cmp::Reverse(service.weight)));
    Ok(found)
}

/// The addresses of `name` that may be connected to; all of them when the operator named `name` or `asked_for`.
pub(crate) async fn allowed_addresses(
    lookup: &dyn Lookup,
    guard: &Guard,
    name: &str,
    asked_for: &str,
) -> Result<Vec<IpAddr>, OutboundError> {
    let mut found = match name.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) => addresses(lookup, name).await?,
    };
    if !guard.is_exempt_host(name) && !guard.is_exempt_host(asked_for) {
        found.retain(|address| guard.allows(*address));
    }
    if found.is_empty() { Err(OutboundError::Blocked(name.to_owned())) } else { Ok(found) }
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
            Ok(sockets(allowed_addresses(&*lookup, &guard, name, name).await?))
        })
    }
}

/// The resolver of a client that connects to one host, whatever host the URL names.
pub(crate) struct Routed {
    pub guard: Arc<Guard>,
    pub lookup: Arc<dyn Lookup>,
    pub host: String,
}

impl Resolve for Routed {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, lookup, host) = (Arc::clone(&self.guard), Arc::clone(&self.lookup), self.host.clone());
        Box::pin(async move { Ok(sockets(allowed_addresses(&*lookup, &guard, &host, name.as_str()).await?)) })
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
