//! The private port: `/metrics` for Prometheus, `/health` (the process lives) and `/ready` (it takes
//! work). A load balancer asks `/ready`; a supervisor asks `/health`.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use base::Shutdown;
use http::StatusCode;
use kit::Kit;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use store::{Health, Store};

use crate::{backup, limits::METRICS_UPKEEP_MS};

/// Upper bounds of histogram buckets, in seconds.
const BUCKETS: [f64; 14] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// One recorder for the process, however many servers a test starts in it.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

#[derive(Clone)]
struct Private {
    store: Store,
    shutdown: Shutdown,
    recorder: Option<PrometheusHandle>,
    bots: Option<BotsHere>,
    /// The data folder, where a backup notes when it was whole.
    data: PathBuf,
}

/// The bots of this process, once they have been opened.
pub(crate) type BotsHere = Arc<OnceLock<Kit>>;

/// Starts collecting figures; may be called again.
pub(crate) fn install() -> Option<PrometheusHandle> {
    let install = || {
        let recorder = PrometheusBuilder::new().set_buckets(&BUCKETS).ok()?.install_recorder();
        recorder.inspect_err(|error| tracing::warn!(%error, "metrics are not collected")).ok()
    };
    let handle = RECORDER.get_or_init(install).clone();
    store::describe_metrics();
    search::describe_metrics();
    backup::describe_metrics();
    handle
}

/// The service of the private port. `bots` are those that run in this process, if they are to.
pub(crate) fn router(
    store: Store,
    shutdown: Shutdown,
    recorder: Option<PrometheusHandle>,
    bots: Option<BotsHere>,
    data: &Path,
) -> Router {
    if let Some(recorder) = recorder.clone() {
        let stop = shutdown.clone();
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_millis(METRICS_UPKEEP_MS));
            loop {
                tokio::select! {
                    () = stop.wait() => break,
                    _ = tick.tick() => recorder.run_upkeep(),
                }
            }
        });
    }
    Router::new()
        .route("/metrics", get(metrics))
        .route("/health", get(async || "ok\n"))
        .route("/ready", get(ready))
        .with_state(Private { store, shutdown, recorder, bots, data: data.to_owned() })
}

async fn metrics(State(private): State<Private>) -> Response {
    let Some(recorder) = private.recorder else {
        return (StatusCode::NOT_FOUND, "metrics.enabled is false\n").into_response();
    };
    private.store.record_metrics();
    record_memory();
    backup::record_last(&private.data);
    ([(http::header::CONTENT_TYPE, "text/plain; version=0.0.4")], recorder.render()).into_response()
}

async fn ready(State(private): State<Private>) -> Response {
    let reason = match private.store.health() {
        _ if private.shutdown.is_triggered() => Some("the server is stopping".to_owned()),
        Health::Ok => None,
        Health::Full => Some("the disk is full".to_owned()),
        Health::Failed(reason) => Some(format!("the store refuses writes: {reason}")),
        Health::Closed => Some("the store is closed".to_owned()),
    };
    let bots = match &private.bots {
        Some(bots) => bots_as_they_are(bots).await,
        None => Ok(String::new()),
    };
    match reason.map_or(bots, Err) {
        Ok(bots) => format!("ready\n{bots}").into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

/// A line on the bots. While they have not begun, nobody is to be sent here; a bot that has trouble later does not take the
/// homeserver away from people, and is only told of.
async fn bots_as_they_are(bots: &BotsHere) -> Result<String, String> {
    let Some(kit) = bots.get().filter(|kit| kit.have_begun()) else {
        return Err("the bots are starting".to_owned());
    };
    let health = kit.health().await;
    let state = if health.is_well { "at work" } else { "in trouble, see the log" };
    Ok(format!("bots: {state}; {} events and {} letters wait\n", health.inbox, health.outbox))
}

/// Resident memory of the process, where the system tells it.
fn record_memory() {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse::<u32>().ok());
    if let Some(pages) = pages {
        ::metrics::gauge!("process_resident_memory_bytes").set(f64::from(pages) * 4096.0);
    }
}
