//! The table of endpoints: which handler answers which method and path.
//!
//! ```ignore
//! Routes::new().ruma(get_tags::handler).ruma(create_tag::handler)
//! ```
//! takes method and paths (every stable, unstable and r0 form) from ruma's metadata. A handler of
//! another method than GET runs in a task of its own, so that a client that hangs up cancels no
//! write; a panic in any handler becomes 500 `M_UNKNOWN` and ends there.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc};

use axum::{
    Router,
    extract::{FromRequest, Request, State},
    handler::Handler,
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use http::Method;
use ruma::api::{Metadata, path_builder::PathBuilder as _};
use tracing::Instrument as _;

use crate::{App, MatrixError, edge::Route, extract::RumaExtractor};

/// An ordered list of endpoints, put together area by area.
#[derive(Default)]
pub struct Routes {
    entries: Vec<Entry>,
}

struct Entry {
    method: Method,
    path: String,
    service: MethodRouter<App>,
}

impl Routes {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a handler under every path that ruma knows for its request.
    #[must_use]
    pub fn ruma<H, X>(self, handler: H) -> Self
    where
        H: RumaHandler<X>,
        X: RumaExtractor + Send + 'static,
    {
        let paths: Vec<&'static str> = <X::Request as Metadata>::PATH_BUILDER.all_paths().collect();
        paths.into_iter().fold(self, |routes, path| routes.ruma_at(path, handler.clone()))
    }

    /// Adds a handler that waits for news under a method other than GET: it writes nothing that matters, and ends with
    /// the connection of the client that asked.
    #[must_use]
    pub fn ruma_waiting<H, X>(self, handler: H) -> Self
    where
        H: RumaHandler<X>,
        X: RumaExtractor + Send + 'static,
    {
        let paths: Vec<&'static str> = <X::Request as Metadata>::PATH_BUILDER.all_paths().collect();
        paths.into_iter().fold(self, |routes, path| routes.ruma_run(path, handler.clone(), false))
    }

    /// Adds a handler also under the forms of its paths that leave out the last argument, with and
    /// without a slash at the end: `…/state/{event_type}` stands for an empty state key.
    #[must_use]
    pub fn ruma_optional_last<H, X>(self, handler: H) -> Self
    where
        H: RumaHandler<X>,
        X: RumaExtractor + Send + 'static,
    {
        let shorter: Vec<&'static str> = <X::Request as Metadata>::PATH_BUILDER
            .all_paths()
            .filter(|path| path.ends_with('}'))
            .filter_map(|path| Some(path.rsplit_once('/')?.0))
            .collect();
        let routes = self.ruma(handler.clone());
        shorter.into_iter().fold(routes, |routes, path| {
            routes.ruma_at(path, handler.clone()).ruma_at(&format!("{path}/"), handler.clone())
        })
    }

    /// Adds a ruma handler under one more path, for a name that ruma does not know.
    #[must_use]
    pub fn ruma_at<H, X>(self, path: &str, handler: H) -> Self
    where
        H: RumaHandler<X>,
        X: RumaExtractor + Send + 'static,
    {
        self.ruma_run(path, handler, <X::Request as Metadata>::METHOD != Method::GET)
    }

    fn ruma_run<H, X>(mut self, path: &str, handler: H, detached: bool) -> Self
    where
        H: RumaHandler<X>,
        X: RumaExtractor + Send + 'static,
    {
        let label: &'static str = Route::label(path);
        let answerer: Answerer =
            Arc::new(move |app, request| Box::pin(run(handler.clone(), app, request, detached, label)));
        self.push(<X::Request as Metadata>::METHOD, path, answerer);
        self
    }

    /// Adds an axum handler where ruma has no type. `path` names arguments as `{name}`.
    #[must_use]
    pub fn raw<H, T>(mut self, method: Method, path: &str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let label = Route::label(path);
        let detached = method != Method::GET;
        let answerer: Answerer = Arc::new(move |app, request| {
            let answering: BoxFuture<'static, Response> =
                Box::pin(handler.clone().call(request, app.clone()));
            Box::pin(async move { labelled(fence(answering, &app, detached).await, label) })
        });
        self.push(method, path, answerer);
        self
    }

    /// Adds all endpoints of another list.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.entries.extend(other.entries);
        self
    }

    /// Every method and path, sorted; a test prints it.
    pub fn list(&self) -> Vec<(String, String)> {
        let mut list: Vec<_> =
            self.entries.iter().map(|entry| (entry.path.clone(), entry.method.to_string())).collect();
        list.sort();
        list
    }

    /// The router of axum. Two handlers for one method and path are a mistake that stops the program
    /// at its start, before it serves anything.
    pub(crate) fn into_router(self) -> Router<App> {
        self.entries
            .into_iter()
            .fold(Router::new(), |router, entry| router.route(&anonymous(&entry.path), entry.service))
    }

    fn push(&mut self, method: Method, path: &str, answerer: Answerer) {
        let service = service(&method, answerer);
        self.entries.push(Entry { method, path: path.to_owned(), service });
    }
}

/// One endpoint. All are of this one type where axum meets them: hundreds of handlers would be as many copies of its
/// machinery otherwise.
type Answerer = Arc<dyn Fn(App, Request) -> BoxFuture<'static, Response> + Send + Sync>;

fn service(method: &Method, answerer: Answerer) -> MethodRouter<App> {
    on(filter(method), move |State(app): State<App>, request: Request| answerer(app, request))
}

/// An async function of `State<App>` and one extractor; implemented for all of them.
pub trait RumaHandler<X>: Clone + Send + Sync + 'static {
    /// Runs the handler.
    fn call(&self, app: App, extracted: X) -> impl Future<Output = Response> + Send + 'static;
}

impl<F, X, O, A> RumaHandler<X> for F
where
    F: Fn(State<App>, X) -> O + Clone + Send + Sync + 'static,
    O: Future<Output = Result<A, MatrixError>> + Send + 'static,
    A: IntoResponse + 'static,
{
    fn call(&self, app: App, extracted: X) -> impl Future<Output = Response> + Send + 'static {
        // No async block: it would hold the handler twice, as it came and as it is waited for.
        self(State(app), extracted).map(IntoResponse::into_response)
    }
}

async fn run<H, X>(handler: H, app: App, request: Request, detached: bool, label: &'static str) -> Response
where
    H: RumaHandler<X>,
    X: RumaExtractor + Send + 'static,
{
    // Both parts are on the heap for as long as they last: a long poll waits in the second, and must not hold room for
    // the first, nor for itself twice.
    let extracting = Box::pin(<X as FromRequest<App>>::from_request(request, &app));
    let answering: BoxFuture<'static, Response> = match AssertUnwindSafe(extracting).catch_unwind().await {
        Ok(Ok(extracted)) => Box::pin(handler.call(app.clone(), extracted)),
        Ok(Err(refused)) => return labelled(refused.into_response(), label),
        Err(_) => {
            let failed = MatrixError::internal("read request", "it panicked");
            return labelled(failed.into_response(), label);
        }
    };
    labelled(fence(answering, &app, detached).await, label)
}

/// Runs a handler so that neither its panic nor a lost connection reaches further than it should.
async fn fence(handler: BoxFuture<'static, Response>, app: &App, detached: bool) -> Response {
    let outcome = if detached {
        app.tasks().spawn(handler.in_current_span()).await.map_err(|_| ())
    } else {
        AssertUnwindSafe(handler).catch_unwind().await.map_err(|_| ())
    };
    outcome.unwrap_or_else(|()| MatrixError::internal("run handler", "it panicked").into_response())
}

fn labelled(mut response: Response, label: &'static str) -> Response {
    response.extensions_mut().insert(Route(label));
    response
}

/// Argument names differ between paths of one shape (`{room_id}`, `{room_id_or_alias}`); the router
/// wants one spelling for each, and extractors go by order anyway.
fn anonymous(path: &str) -> String {
    let mut count = 0;
    let segments = path.split('/').map(|segment| {
        if segment.starts_with('{') && segment.ends_with('}') {
            count += 1;
            let star = if segment.starts_with("{*") { "*" } else { "" };
            format!("{{{star}a{count}}}")
        } else {
            segment.to_owned()
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

fn filter(method: &Method) -> MethodFilter {
    match *method {
        Method::POST => MethodFilter::POST,
        Method::PUT => MethodFilter::PUT,
        Method::DELETE => MethodFilter::DELETE,
        Method::PATCH => MethodFilter::PATCH,
        Method::HEAD => MethodFilter::HEAD,
        Method::OPTIONS => MethodFilter::OPTIONS,
        _ => MethodFilter::GET,
    }
}
