//! Where a server is: from its name to hosts and ports.
//!
//! [Resolving server names](https://spec.matrix.org/v1.19/server-server-api/#resolving-server-names): an address or a
//! port in the name is taken as it is; otherwise the well-known document may name another host, service records may
//! name others still, and port 8448 is the last guess. What was found is remembered for as long as the document says,
//! within bounds, and forgotten as soon as nobody answers there.

mod steps;
mod well_known;

use std::sync::Arc;

use futures_util::{FutureExt as _, future::BoxFuture};
use moka::sync::Cache;
use outbound::{Outbound, Service};
use ruma::{OwnedServerName, ServerName};
use tokio::time::Instant;

pub use self::steps::{Directions, FoundBy, Route};
use self::{steps::Sources, well_known::WellKnown};
use crate::{flight::Flights, limits::DESTINATIONS_CACHED_MAX};

/// Finds servers and remembers where they were. Clones share what is remembered.
#[derive(Clone)]
pub struct Discovery(Arc<Inner>);

struct Inner {
    outbound: Outbound,
    found: Cache<OwnedServerName, (Instant, Arc<Directions>)>,
    flights: Flights<OwnedServerName, Arc<Directions>>,
}

impl Discovery {
    pub(crate) fn new(outbound: Outbound) -> Self {
        let found = Cache::builder().max_capacity(DESTINATIONS_CACHED_MAX).build();
        Self(Arc::new(Inner { outbound, found, flights: Flights::default() }))
    }

    /// The ways to a server, the best first; never none. Those who ask at once share one search.
    pub async fn find(&self, server: &ServerName) -> Arc<Directions> {
        if let Some((until, directions)) = self.0.found.get(server)
            && until > Instant::now()
        {
            return directions;
        }
        let (this, wanted) = (self.clone(), server.to_owned());
        let search = || async move { this.search(wanted).await }.boxed();
        self.0.flights.join(server.to_owned(), search).await
    }

    /// Forgets where a server is, because nobody answers there.
    pub fn forget(&self, server: &ServerName) {
        self.0.found.invalidate(server);
    }

    async fn search(&self, server: OwnedServerName) -> Arc<Directions> {
        let directions = steps::find(&server, &self.0.outbound).await;
        tracing::debug!(%server, found_by = ?directions.found_by, routes = ?directions.routes, "server found");
        metrics::counter!("federation_discoveries_total", "found_by" => directions.found_by.label())
            .increment(1);
        let directions = Arc::new(directions);
        let until = Instant::now() + directions.age;
        self.0.found.insert(server, (until, Arc::clone(&directions)));
        directions
    }
}

impl Sources for Outbound {
    fn well_known<'a>(&'a self, host: &'a str) -> BoxFuture<'a, WellKnown> {
        well_known::ask(self, host).boxed()
    }

    fn services<'a>(&'a self, name: String) -> BoxFuture<'a, Vec<Service>> {
        async move {
            self.services(&name).await.unwrap_or_else(|error| {
                tracing::debug!(%name, %error, "service not looked up");
                Vec::new()
            })
        }
        .boxed()
    }
}
