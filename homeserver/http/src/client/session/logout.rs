//! `POST /_matrix/client/v3/logout` and `…/logout/all`

use axum::extract::State;
use ruma::api::client::session::{
    logout::v3::{Request, Response},
    logout_all::v3::{Request as AllRequest, Response as AllResponse},
};

use crate::{Answer, App, MatrixError, extract::LoggingOut};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3logout)
pub async fn one(
    State(app): State<App>,
    LoggingOut { caller, .. }: LoggingOut<Request>,
) -> Result<Answer<Response>, MatrixError> {
    if let Some(device) = caller.device {
        app.accounts.remove_devices(&caller.user, &[device]).await?;
    }
    Ok(Answer(Response::new()))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3logoutall)
pub async fn all(
    State(app): State<App>,
    LoggingOut { caller, .. }: LoggingOut<AllRequest>,
) -> Result<Answer<AllResponse>, MatrixError> {
    app.accounts.remove_other_devices(&caller.user, None).await?;
    Ok(Answer(AllResponse::new()))
}
