//! The HTTP clients behind [`super::Outbound`], with their resolvers and bounds.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use reqwest::{Client, ClientBuilder, Proxy, redirect::Policy};

use super::Inner;
use crate::{
    OutboundError,
    limits::{CONNECT_TIME_MAX, HEADERS_MAX, IDLE_CONNECTIONS_MAX, IDLE_TIME_MAX},
    resolve::{Filtering, Routed, Unfiltered},
    tls,
};

/// What sends, by where it may go.
pub(super) struct Clients {
    pub direct: Client,
    pub proxied: Option<Client>,
    pub tls: rustls::ClientConfig,
    /// By the host connected to, for requests whose URL names another one.
    pub routed: Mutex<HashMap<String, Client>>,
}

impl Inner {
    pub fn make_clients(&self) -> Result<Clients, OutboundError> {
        let setup = |error: reqwest::Error| OutboundError::Setup(error.to_string());
        let tls = tls::client_config(&self.extra_authorities, self.settings.http1_only)?;
        let filtering = Filtering { guard: Arc::clone(&self.guard), lookup: Arc::clone(&self.lookup) };
        let direct = self.builder(tls.clone()).dns_resolver(Arc::new(filtering)).no_proxy();
        let direct = direct.build().map_err(setup)?;
        let proxied = match &self.settings.proxy {
            Some(proxy) => {
                let unfiltered = Unfiltered(Arc::clone(&self.lookup));
                let builder = self.builder(tls.clone()).dns_resolver(Arc::new(unfiltered));
                Some(builder.proxy(Proxy::all(proxy).map_err(setup)?).build().map_err(setup)?)
            }
            None => None,
        };
        Ok(Clients { direct, proxied, tls, routed: Mutex::default() })
    }

    pub fn make_routed(&self, tls: &rustls::ClientConfig, host: &str) -> Result<Client, OutboundError> {
        let (guard, lookup) = (Arc::clone(&self.guard), Arc::clone(&self.lookup));
        let routed = Routed { guard, lookup, host: host.to_owned() };
        let builder = self.builder(tls.clone()).dns_resolver(Arc::new(routed)).no_proxy();
        builder.build().map_err(|error| OutboundError::Setup(error.to_string()))
    }

    fn builder(&self, tls: rustls::ClientConfig) -> ClientBuilder {
        let builder = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIME_MAX)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .pool_idle_timeout(IDLE_TIME_MAX)
            .http1_max_headers(HEADERS_MAX);
        match self.settings.user_agent.as_str() {
            "" => builder,
            agent => builder.user_agent(agent),
        }
    }
}
