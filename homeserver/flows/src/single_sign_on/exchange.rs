//! The guarded client as the one that `openidconnect` asks through.

use std::{future::Future, pin::Pin, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use outbound::{Limits, Outbound, OutboundError, Request};

use super::limits::ANSWER_BYTES_MAX;

/// Asks identity providers. A redirect is not followed: secrets go to the configured provider and nowhere else.
#[derive(Clone)]
pub(super) struct Exchange {
    outbound: Outbound,
    limits: Limits,
}

impl Exchange {
    pub fn new(outbound: Outbound, time_max: Duration) -> Self {
        Self { outbound, limits: Limits { bytes_max: ANSWER_BYTES_MAX, time_max, redirects_max: 0 } }
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, OutboundError> {
        let (parts, body) = request.into_parts();
        let mut asked = Request::new(parts.method, parts.uri.to_string()).body(body);
        for (name, value) in &parts.headers {
            if let Ok(value) = value.to_str() {
                asked = asked.header(name.as_str(), value);
            }
        }
        let answer = self.outbound.open(asked, self.limits).await?.collect().await?;
        let mut response = http::Response::new(answer.body.to_vec());
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Exchange {
    type Error = OutboundError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, OutboundError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.exchange(request))
    }
}
