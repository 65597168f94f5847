//! Reports: `/_synapse/admin/v1/event_reports`, `…/user_reports`, `…/room_reports`.

use ::rooms::access::Viewer;
use administration::{Report, ReportFilter, ReportKind};
use http::Method;
use model::EventForm;
use serde_json::{Value, json};

use super::call::{Call, endpoint};
use crate::{App, MatrixError, Routes};

pub(super) fn routes() -> Routes {
    let mut routes = Routes::new();
    routes = endpoint(routes, Method::GET, "/_synapse/admin/v1/event_reports", |call| {
        list(call, ReportKind::Event, "event_reports")
    });
    routes = endpoint(routes, Method::GET, "/_synapse/admin/v1/event_reports/{report_id}", event_report);
    routes = endpoint(routes, Method::DELETE, "/_synapse/admin/v1/event_reports/{report_id}", |call| {
        delete(call, ReportKind::Event)
    });
    routes = endpoint(routes, Method::GET, "/_synapse/admin/v1/user_reports", |call| {
        list(call, ReportKind::User, "user_reports")
    });
    routes = endpoint(routes, Method::GET, "/_synapse/admin/v1/user_reports/{report_id}", |call| {
        get(call, ReportKind::User)
    });
    routes = endpoint(routes, Method::DELETE, "/_synapse/admin/v1/user_reports/{report_id}", |call| {
        delete(call, ReportKind::User)
    });
    routes = endpoint(routes, Method::GET, "/_synapse/admin/v1/room_reports", |call| {
        list(call, ReportKind::Room, "room_reports")
    });
    routes = endpoint(routes, Method::GET, "/_synapse/admin/v1/room_reports/{report_id}", |call| {
        get(call, ReportKind::Room)
    });
    endpoint(routes, Method::DELETE, "/_synapse/admin/v1/room_reports/{report_id}", |call| {
        delete(call, ReportKind::Room)
    })
}

async fn list(call: Call, kind: ReportKind, name: &'static str) -> Result<Value, MatrixError> {
    let (from, limit) = call.page()?;
    let filter = ReportFilter {
        reporter: call.text("user_id"),
        room: call.text("room_id"),
        user: call.text("event_sender_user_id").or_else(|| call.text("target_user_id")),
        forwards: call.forwards(false)?,
        from,
        limit,
    };
    let page = call.app.administration.reports(kind, &filter).await?;
    let mut reports = Vec::with_capacity(page.reports.len());
    for report in &page.reports {
        reports.push(described(&call.app, report).await?);
    }
    let mut answer = json!({ name: reports, "total": page.total });
    if from.saturating_add(limit) < page.total {
        answer["next_token"] = (from + limit).into();
    }
    Ok(answer)
}

async fn described(app: &App, Report { id, at_ms, report }: &Report) -> Result<Value, MatrixError> {
    let mut answer = json!({
        "id": id,
        "received_ts": at_ms,
        "user_id": report.reporter,
        "reason": report.reason,
        "score": report.score,
    });
    if let Some(room) = &report.room {
        answer["room_id"] = room.as_str().into();
        // A room that was purged since has no name any more.
        if let Ok(details) = app.rooms.room_details(room).await {
            answer["name"] = details.entry.name.into();
            answer["canonical_alias"] = details.entry.canonical_alias.map(|alias| alias.to_string()).into();
        }
    }
    match (report.kind, &report.user) {
        (ReportKind::Event, user) => {
            answer["event_id"] = report.event.as_ref().map(ToString::to_string).into();
            answer["sender"] = user.as_ref().map(ToString::to_string).into();
        }
        (ReportKind::User, user) => answer["target_user_id"] = user.as_ref().map(ToString::to_string).into(),
        (ReportKind::Room, _) => {}
    }
    Ok(answer)
}

fn id(call: &Call) -> Result<u64, MatrixError> {
    let wrong = |_| MatrixError::invalid_param("The report id must be a whole number");
    call.argument(0).parse().map_err(wrong)
}

async fn found(call: &Call, kind: ReportKind) -> Result<Report, MatrixError> {
    let report = call.app.administration.report_by_id(kind, id(call)?).await?;
    report.ok_or_else(|| MatrixError::not_found("No such report"))
}

async fn get(call: Call, kind: ReportKind) -> Result<Value, MatrixError> {
    described(&call.app, &found(&call, kind).await?).await
}

async fn event_report(call: Call) -> Result<Value, MatrixError> {
    let report = found(&call, ReportKind::Event).await?;
    let mut answer = described(&call.app, &report).await?;
    let Some(event) = &report.report.event else { return Ok(answer) };
    // As the reporter saw it: an administrator reads the reported message and nothing around it.
    let viewer = Viewer { user: &report.report.reporter, device: None };
    if let Some(room) = &report.report.room
        && let Ok(event) = call.app.rooms.visible_event(&call.app.store, viewer, room, event).await
    {
        let json = call
            .app
            .rooms
            .client_event_with_relations(&call.app.store, viewer, event.shown(), EventForm::Full)
            .await?;
        answer["event_json"] = serde_json::from_slice(&json).unwrap_or_default();
    }
    Ok(answer)
}

async fn delete(call: Call, kind: ReportKind) -> Result<Value, MatrixError> {
    call.app.administration.delete_report(kind, id(&call)?).await?;
    Ok(json!({}))
}
