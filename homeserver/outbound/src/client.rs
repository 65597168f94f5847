//! The client: checks where a request goes, sends it, and follows redirects by its own hand.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use http::{Method, StatusCode, header};
use parking_lot::Mutex;
use reqwest::{Client, ClientBuilder, Proxy, Url, redirect::Policy};
use rustls::pki_types::CertificateDer;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};

use crate::{
    Answer, Download, Limits, Lookup, OutboundError, OutboundSettings, Request, Service, SystemLookup,
    guard::{self, Guard, Host},
    limits::{
        CONNECT_TIME_MAX, HEADERS_MAX, IDLE_CONNECTIONS_MAX, IDLE_TIME_MAX, REDIRECTS_MAX, REQUESTS_MAX,
        ROUTED_CLIENTS_MAX,
    },
    resolve::{self, Filtering, Routed, Unfiltered},
    tls,
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

struct Clients {
    direct: Client,
    proxied: Option<Client>,
    tls: rustls::ClientConfig,
    /// By the host connected to, for requests whose URL names another one.
    routed: Mutex<HashMap<String, Client>>,
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

impl Inner {
    fn make_clients(&self) -> Result<Clients, OutboundError> {
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

    fn make_routed(&self, tls: &rustls::ClientConfig, host: &str) -> Result<Client, OutboundError> {
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

/// Where the answer sends us, checked like a URL from outside; nothing when it is the final one. A
/// body is sent again only where the status says so (307, 308).
fn redirect(
    request: &Request,
    url: &Url,
    response: &reqwest::Response,
) -> Result<Option<Url>, OutboundError> {
    let follows = match response.status() {
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT | StatusCode::SEE_OTHER => true,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => request.body.is_empty(),
        _ => false,
    };
    let Some(location) = response.headers().get(header::LOCATION).filter(|_| follows) else {
        return Ok(None);
    };
    let wrong = |reason: String| OutboundError::InvalidUrl(format!("redirect: {reason}"));
    let location = std::str::from_utf8(location.as_bytes()).map_err(|error| wrong(error.to_string()))?;
    let next = url.join(location).map_err(|error| wrong(error.to_string()))?;
    guard::check(&next)?;
    Ok(Some(next))
}

fn become_get(request: &mut Request) {
    if request.method != Method::HEAD {
        request.method = Method::GET;
    }
    request.body = bytes::Bytes::new();
    request.headers.remove(header::CONTENT_TYPE);
}
