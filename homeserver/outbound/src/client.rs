//! The client: checks where a request goes, sends it, and follows redirects by its own hand.

mod making;
mod redirects;

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use http::{StatusCode, header};
use reqwest::{Client, Proxy, Url};
use rustls::pki_types::CertificateDer;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};

use self::{
    making::Clients,
    redirects::{become_get, redirect},
};
use crate::{
    Answer, Download, Limits, Lookup, OutboundError, OutboundSettings, Request, Service, SystemLookup,
    guard::{self, Guard, Host},
    limits::{REDIRECTS_MAX, REQUESTS_MAX, ROUTED_CLIENTS_MAX},
    resolve, tls,
};

/// The one way to the outside. Cloning shares connections and bounds.
#[derive(Clone)]
pub struct Outbound(Arc<Inner>);

struct Inner {
    guard: Arc<Guard>,
    lookup: Arc<dyn Lookup>,
    settings: OutboundSettings,
    extra_authorities: Vec<CertificateDer<'static>>,
    requests: Arc<Semaphore>,
    /// Made at first use: reading the system's authorities takes time that a start should not pay.
    clients: OnceLock<Result<Clients, OutboundError>>,
}

impl Outbound {
    /// A client with the resolver of the system.
    ///
    /// # Errors
    /// [`OutboundError::Setup`] for an authority file or a proxy that cannot be used.
    pub fn new(settings: OutboundSettings) -> Result<Self, OutboundError> {
        Self::with_lookup(settings, Arc::new(SystemLookup))
    }

    /// A client that asks `lookup` for the addresses of names.
    ///
    /// # Errors
    /// As for [`Outbound::new`].
    pub fn with_lookup(settings: OutboundSettings, lookup: Arc<dyn Lookup>) -> Result<Self, OutboundError> {
        // Whoever installs a provider first wins; all of them are ring.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let extra_authorities = tls::extra_authorities(settings.extra_authorities_pem.as_deref())?;
        if let Some(proxy) = &settings.proxy {
            Proxy::all(proxy).map_err(|error| OutboundError::Setup(format!("proxy: {error}")))?;
        }
        Ok(Self(Arc::new(Inner {
            guard: Arc::new(Guard::new(&settings)),
            lookup,
            settings,
            extra_authorities,
            requests: Arc::new(Semaphore::new(REQUESTS_MAX)),
            clients: OnceLock::new(),
        })))
    }

    /// Asks for a URL and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// See [`OutboundError`].
    pub async fn get(&self, url: &str, limits: Limits) -> Result<Answer, OutboundError> {
        self.open(Request::get(url), limits).await?.collect().await
    }

    /// Posts a body that is JSON already and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// See [`OutboundError`].
    pub async fn post_json(
        &self,
        url: &str,
        body: impl Into<bytes::Bytes>,
        limits: Limits,
    ) -> Result<Answer, OutboundError> {
        self.open(Request::post_json(url, body), limits).await?.collect().await
    }

    /// Sends a request and returns as soon as the head of the final answer is there.
    ///
    /// # Errors
    /// See [`OutboundError`].
    pub async fn open(&self, request: Request, limits: Limits) -> Result<Download, OutboundError> {
        let outcome = Box::pin(self.exchange(request, limits)).await;
        let label = outcome.as_ref().map_or_else(OutboundError::label, |_| "answered");
        metrics::counter!("outbound_requests_total", "outcome" => label).increment(1);
        outcome
    }

    /// The addresses of a name that may be connected to.
    ///
    /// # Errors
    /// [`OutboundError::Unresolvable`], or [`OutboundError::Blocked`] when it has none but forbidden ones.
    pub async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, OutboundError> {
        resolve::allowed_addresses(&*self.0.lookup, &self.0.guard, name, name).await
    }

    /// The records of a service (`_name._tcp.example.org`), the most wanted first; empty when there are none.
    ///
    /// # Errors
    /// [`OutboundError::Unresolvable`] when nobody could be asked.
    pub async fn services(&self, name: &str) -> Result<Vec<Service>, OutboundError> {
        resolve::services(&*self.0.lookup, name).await
    }

    async fn exchange(&self, mut request: Request, limits: Limits) -> Result<Download, OutboundError> {
        let deadline = Instant::now() + limits.time_max;
        let timed_out = |_| OutboundError::Timeout;
        let permit = timeout_at(deadline, Arc::clone(&self.0.requests).acquire_owned())
            .await
            .map_err(timed_out)?
            .map_err(|_| OutboundError::Timeout)?;
        let mut url = guard::parse(&request.url)?;
        let redirects_max = limits.redirects_max.min(REDIRECTS_MAX);
        for redirects in 0..=redirects_max {
            let response = timeout_at(deadline, self.send(&request, &url)).await.map_err(timed_out)??;
            let next = if redirects_max == 0 { None } else { redirect(&request, &url, &response)? };
            let Some(next) = next else {
                let bytes_max = limits.bytes_max;
                return Ok(Download { url, response, deadline, bytes_max, bytes_read: 0, _permit: permit });
            };
            if redirects == redirects_max {
                break;
            }
            if response.status() == StatusCode::SEE_OTHER {
                become_get(&mut request);
            }
            if next.origin() != url.origin() {
                request.headers.remove(header::AUTHORIZATION);
                request.headers.remove(header::COOKIE);
            }
            url = next;
        }
        Err(OutboundError::TooManyRedirects)
    }

    /// One hop: the target is judged, then connected to.
    async fn send(&self, request: &Request, url: &Url) -> Result<reqwest::Response, OutboundError> {
        if request.judge.as_ref().is_some_and(|judge| !judge.allows(url)) {
            return Err(OutboundError::Blocked(url.host_str().unwrap_or_default().to_owned()));
        }
        let client = match &request.connect_to {
            // An address is connected to without asking any resolver, so neither ours.
            Some(_) if matches!(guard::host(url)?, Host::Address(_)) => {
                return Err(OutboundError::InvalidUrl(
                    "an address cannot be connected to by another".to_owned(),
                ));
            }
            Some(host) => self.routed_client(host).await?,
            None => self.client_for(url).await?.clone(),
        };
        let sending = client
            .request(request.method.clone(), url.clone())
            .headers(request.headers.clone())
            .body(request.body.clone());
        Ok(sending.send().await?)
    }

    /// The client whose connections go to `host`, whatever host the URL names.
    async fn routed_client(&self, host: &str) -> Result<Client, OutboundError> {
        let clients = self.clients().await?;
        let mut routed = clients.routed.lock();
        if let Some(client) = routed.get(host) {
            return Ok(client.clone());
        }
        if routed.len() >= ROUTED_CLIENTS_MAX {
            routed.clear();
        }
        let client = self.0.make_routed(&clients.tls, host)?;
        routed.insert(host.to_owned(), client.clone());
        Ok(client)
    }

    /// Judges the target as far as it can be before connecting, and tells which client may reach it.
    /// A name is judged a second time by the direct client's resolver, whose answer is what counts.
    async fn client_for(&self, url: &Url) -> Result<&Client, OutboundError> {
        let guard = &self.0.guard;
        let clients = self.clients().await?;
        let host = guard::host(url)?;
        if let Host::Address(address) = host
            && !guard.allows(address)
        {
            return Err(OutboundError::Blocked(address.to_string()));
        }
        let Some(proxied) = &clients.proxied else { return Ok(&clients.direct) };
        let inside = match &host {
            Host::Address(address) => guard.is_exempt(*address),
            Host::Name(name) if guard.is_exempt_host(name) => true,
            Host::Name(name) => match resolve::addresses(&*self.0.lookup, name).await {
                // The proxy picks by itself, so one wrong address spoils the name.
                Ok(found) if !found.iter().all(|address| guard.allows(*address)) => {
                    return Err(OutboundError::Blocked(name.clone()));
                }
                Ok(found) => found.iter().all(|address| guard.is_exempt(*address)),
                // Behind a proxy many hosts cannot resolve outer names at all: the proxy judges those.
                Err(_) => false,
            },
        };
        Ok(if inside { &clients.direct } else { proxied })
    }

    async fn clients(&self) -> Result<&Clients, OutboundError> {
        if self.0.clients.get().is_none() {
            let inner = Arc::clone(&self.0);
            let made = tokio::task::spawn_blocking(move || inner.make_clients()).await;
            let made = made.unwrap_or_else(|error| Err(OutboundError::Setup(error.to_string())));
            // Two first requests may both have made them; one pair is thrown away.
            let _ = self.0.clients.set(made);
        }
        match self.0.clients.get() {
            Some(Ok(clients)) => Ok(clients),
            Some(Err(error)) => Err(error.clone()),
            None => Err(OutboundError::Setup("the clients were not made".to_owned())),
        }
    }
}
