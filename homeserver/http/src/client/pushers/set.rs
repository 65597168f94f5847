//! `POST /_matrix/client/v3/pushers/set`

use axum::extract::State;
use delivery::push::{NewPusher, PusherKind};
use ruma::api::client::push::set_pusher::v3::{Request, Response};
use serde_json::{Map, Value};

use crate::{Answer, App, Authed, Caller, MatrixError, extract::Raw};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3pushersset)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Raw<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    let body: Map<String, Value> = serde_json::from_str(request.object()?.get())
        .map_err(|error| MatrixError::bad_json(error.to_string()))?;
    let body = Body(body);
    let (app_id, pushkey) = (body.text("app_id")?, body.text("pushkey")?);
    match body.0.get("kind") {
        None => return Err(MatrixError::missing_param("Missing parameter: kind")),
        Some(Value::Null) => app.push.remove_pusher(&caller.user, &app_id, &pushkey).await?,
        Some(kind) => {
            let kind = kind.as_str().and_then(PusherKind::parse);
            let kind =
                kind.ok_or_else(|| MatrixError::invalid_param("kind must be \"http\", \"email\" or null"))?;
            app.push.set_pusher(&caller.user, body.pusher(&caller, kind, app_id, pushkey)?).await?;
        }
    }
    Ok(Answer(Response::new()))
}

/// The body, read by hand: ruma does not know `enabled` (MSC3881), and what is missing is to be named.
struct Body(Map<String, Value>);

impl Body {
    fn pusher(
        &self,
        caller: &Caller,
        kind: PusherKind,
        app_id: String,
        pushkey: String,
    ) -> Result<NewPusher, MatrixError> {
        let data = match self.0.get("data") {
            Some(Value::Object(data)) => data.clone(),
            Some(_) => return Err(MatrixError::bad_json("data must be an object")),
            None if kind == PusherKind::Email => Map::new(),
            None => return Err(MatrixError::missing_param("Missing parameter: data")),
        };
        let enabled = ["enabled", "org.matrix.msc3881.enabled"].iter().find_map(|name| self.0.get(*name));
        Ok(NewPusher {
            app_id,
            pushkey,
            kind,
            app_display_name: self.text("app_display_name")?,
            device_display_name: self.text("device_display_name")?,
            profile_tag: self
                .0
                .contains_key("profile_tag")
                .then(|| self.optional_text("profile_tag"))
                .transpose()?,
            lang: self.text("lang")?,
            data,
            enabled: enabled.and_then(Value::as_bool).unwrap_or(true),
            append: self.0.get("append").and_then(Value::as_bool).unwrap_or(false),
            device: caller.device.clone(),
        })
    }

    fn text(&self, name: &'static str) -> Result<String, MatrixError> {
        if self.0.get(name).is_none_or(Value::is_null) {
            return Err(MatrixError::missing_param(format!("Missing parameter: {name}")));
        }
        self.optional_text(name)
    }

    fn optional_text(&self, name: &'static str) -> Result<String, MatrixError> {
        match self.0.get(name) {
            Some(Value::String(text)) => Ok(text.clone()),
            None | Some(Value::Null) => Ok(String::new()),
            Some(_) => Err(MatrixError::bad_json(format!("{name} must be a string"))),
        }
    }
}
