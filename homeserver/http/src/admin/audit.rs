//! `GET /_lianqiao/admin/v1/audit`: the audit stream, newest first unless `dir=f`.

use ::administration::AuditOutcome;
use http::Method;
use model::StreamPos;
use serde_json::{Value, json};

use super::call::{Call, endpoint};
use crate::{MatrixError, Routes};

pub(super) fn routes() -> Routes {
    endpoint(Routes::new(), Method::GET, "/_lianqiao/admin/v1/audit", list)
}

/// `from` is the `place` of the last entry that was received; `next_token` is that of this page.
async fn list(call: Call) -> Result<Value, MatrixError> {
    let (_, limit) = call.page()?;
    let from = call.number("from")?.map(|place| StreamPos::new(place as u64));
    let forwards = call.forwards(false)?;
    let entries = call.app.administration.audit(from, !forwards, limit).await?;
    let next = entries.last().filter(|_| entries.len() == limit).map(|entry| entry.place.get());
    let entries: Vec<Value> = entries
        .into_iter()
        .map(|entry| {
            let (outcome, ended_ts, error) = match entry.outcome {
                AuditOutcome::Unknown => ("unknown", None, None),
                AuditOutcome::Done { at_ms } => ("done", Some(at_ms), None),
                AuditOutcome::Failed { at_ms, error } => ("failed", Some(at_ms), Some(error)),
            };
            json!({
                "place": entry.place.get(),
                "ts": entry.at_ms,
                "actor": entry.actor,
                "action": entry.action,
                "target": entry.target,
                "outcome": outcome,
                "ended_ts": ended_ts,
                "error": error,
            })
        })
        .collect();
    Ok(json!({ "entries": entries, "next_token": next }))
}
