//! The steps of the specification, in its order, over whatever answers the questions.

use std::time::Duration;

use futures_util::future::BoxFuture;
use outbound::Service;
use ruma::ServerName;

use super::well_known::{MISSING_AGE, WellKnown};
use crate::limits::{ROUTES_MAX, WELL_KNOWN_AGE_MAX};

/// The port that is tried when nothing names another.
const PORT_DEFAULT: u16 = 8448;

/// Whoever answers the questions of a search.
pub(super) trait Sources: Sync {
    /// The well-known document of a host.
    fn well_known<'a>(&'a self, host: &'a str) -> BoxFuture<'a, WellKnown>;
    /// The records of a service; none also when nobody could be asked.
    fn services<'a>(&'a self, name: String) -> BoxFuture<'a, Vec<Service>>;
}

/// One way to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The host whose certificate is demanded; an IPv6 address stands in brackets.
    pub host: String,
    /// The port that is connected to.
    pub port: u16,
    /// The value of the `Host` header.
    pub host_header: String,
    /// The host that is connected to, when a service record names another one.
    pub connect_to: Option<String>,
}

/// Which step found a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// Its name is an address.
    Address,
    /// Its name has a port.
    Port,
    /// Its well-known document names a host with a port, or an address.
    WellKnown,
    /// Service records, of its name or of the one that its well-known document names.
    ServiceRecord,
    /// Nothing: the port that everybody tries.
    DefaultPort,
}

impl FoundBy {
    /// The word for metrics.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Port => "port",
            Self::WellKnown => "well_known",
            Self::ServiceRecord => "service_record",
            Self::DefaultPort => "default_port",
        }
    }
}

/// All ways to a server, the best first; never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directions {
    /// The ways.
    pub routes: Vec<Route>,
    /// Which step found them.
    pub found_by: FoundBy,
    /// The name in the well-known document, where there is one.
    pub delegated_to: Option<String>,
    /// How long they are believed.
    pub(crate) age: Duration,
}

pub(super) async fn find(server: &ServerName, sources: &impl Sources) -> Directions {
    let named = |found_by| Directions {
        routes: vec![direct(server)],
        found_by,
        delegated_to: None,
        age: WELL_KNOWN_AGE_MAX,
    };
    if server.is_ip_literal() {
        return named(FoundBy::Address);
    }
    if server.port().is_some() {
        return named(FoundBy::Port);
    }
    match sources.well_known(server.host()).await {
        WellKnown::Delegated(other, age) => {
            let delegated_to = Some(other.to_string());
            if other.is_ip_literal() || other.port().is_some() {
                let routes = vec![direct(&other)];
                return Directions { routes, found_by: FoundBy::WellKnown, delegated_to, age };
            }
            Directions { delegated_to, ..by_name(&other, age, sources).await }
        }
        WellKnown::Missing => by_name(server, MISSING_AGE, sources).await,
    }
}

/// The name itself, with its port or the default one.
fn direct(server: &ServerName) -> Route {
    Route {
        host: server.host().to_owned(),
        port: server.port().unwrap_or(PORT_DEFAULT),
        host_header: server.as_str().to_owned(),
        connect_to: None,
    }
}

/// A host name without port: service records, the older name of the service last, then the default port.
async fn by_name(server: &ServerName, age: Duration, sources: &impl Sources) -> Directions {
    for service in ["_matrix-fed._tcp", "_matrix._tcp"] {
        let mut found = sources.services(format!("{service}.{}", server.host())).await;
        found.truncate(ROUTES_MAX);
        if !found.is_empty() {
            let routes = found.into_iter().map(|service| Route {
                port: service.port,
                connect_to: Some(service.host),
                ..direct(server)
            });
            let routes = routes.collect();
            return Directions { routes, found_by: FoundBy::ServiceRecord, delegated_to: None, age };
        }
    }
    Directions { routes: vec![direct(server)], found_by: FoundBy::DefaultPort, delegated_to: None, age }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use futures_util::FutureExt as _;

    use super::*;

    #[derive(Default)]
    struct World {
        documents: BTreeMap<&'static str, &'static str>,
        services: BTreeMap<&'static str, Vec<Service>>,
    }

    impl Sources for World {
        fn well_known<'a>(&'a self, host: &'a str) -> BoxFuture<'a, WellKnown> {
            let named = self.documents.get(host).map(|&name| name.try_into().unwrap());
            let found =
                named.map_or(WellKnown::Missing, |name| WellKnown::Delegated(name, Duration::from_secs(7)));
            async { found }.boxed()
        }

        fn services<'a>(&'a self, name: String) -> BoxFuture<'a, Vec<Service>> {
            let found = self.services.get(&*name).cloned().unwrap_or_default();
            async { found }.boxed()
        }
    }

    fn service(host: &str, port: u16) -> Service {
        Service { priority: 1, weight: 1, host: host.to_owned(), port }
    }

    /// `host:port`, `Host`, what is connected to.
    fn shown(route: &Route) -> (String, &str, Option<&str>) {
        (format!("{}:{}", route.host, route.port), &route.host_header, route.connect_to.as_deref())
    }

    #[tokio::test]
    async fn the_steps_of_the_specification_are_taken_in_its_order() {
        let world = World {
            documents: [
                ("ip.org", "1.2.3.4"),
                ("ipport.org", "[2001:db8::1]:99"),
                ("port.org", "matrix.port.org:443"),
                ("name.org", "matrix.name.org"),
                ("srv.org", "matrix.srv.org"),
            ]
            .into(),
            services: [
                (
                    "_matrix-fed._tcp.matrix.srv.org",
                    vec![service("one.host.net", 1), service("two.host.net", 2)],
                ),
                ("_matrix-fed._tcp.own.org", vec![service("new.host.net", 3)]),
                ("_matrix._tcp.own.org", vec![service("old.host.net", 4)]),
                ("_matrix._tcp.old.org", vec![service("old.host.net", 5)]),
            ]
            .into(),
        };
        let table = [
            ("1.2.3.4", FoundBy::Address, ("1.2.3.4:8448", "1.2.3.4", None)),
            ("1.2.3.4:80", FoundBy::Address, ("1.2.3.4:80", "1.2.3.4:80", None)),
            ("[::1]:80", FoundBy::Address, ("[::1]:80", "[::1]:80", None)),
            ("a.org:8448", FoundBy::Port, ("a.org:8448", "a.org:8448", None)),
            ("port.org:80", FoundBy::Port, ("port.org:80", "port.org:80", None)),
            ("ip.org", FoundBy::WellKnown, ("1.2.3.4:8448", "1.2.3.4", None)),
            ("ipport.org", FoundBy::WellKnown, ("[2001:db8::1]:99", "[2001:db8::1]:99", None)),
            ("port.org", FoundBy::WellKnown, ("matrix.port.org:443", "matrix.port.org:443", None)),
            ("name.org", FoundBy::DefaultPort, ("matrix.name.org:8448", "matrix.name.org", None)),
            ("srv.org", FoundBy::ServiceRecord, ("matrix.srv.org:1", "matrix.srv.org", Some("one.host.net"))),
            ("own.org", FoundBy::ServiceRecord, ("own.org:3", "own.org", Some("new.host.net"))),
            ("old.org", FoundBy::ServiceRecord, ("old.org:5", "old.org", Some("old.host.net"))),
            ("plain.org", FoundBy::DefaultPort, ("plain.org:8448", "plain.org", None)),
        ];
        for (name, found_by, (authority, header, connect_to)) in table {
            let directions = find(name.try_into().unwrap(), &world).await;
            assert_eq!(directions.found_by, found_by, "{name}");
            assert_eq!(shown(&directions.routes[0]), (authority.to_owned(), header, connect_to), "{name}");
        }
        let both = find("srv.org".try_into().unwrap(), &world).await;
        assert_eq!(both.routes.len(), 2);
        assert_eq!(both.age, Duration::from_secs(7));
    }
}
