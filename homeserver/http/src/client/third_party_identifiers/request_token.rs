//! `POST …/email/requestToken` and `POST …/msisdn/requestToken`, in their three places

use accounts::{AddressProofRequest, AddressPurpose};
use axum::extract::State;
use http::StatusCode;
use ruma::{
    OwnedSessionId, SessionId,
    api::{
        client::account::{
            request_3pid_management_token_via_email::v3 as add_by_email,
            request_3pid_management_token_via_msisdn::v3 as add_by_msisdn,
            request_password_change_token_via_email::v3 as password_by_email,
            request_password_change_token_via_msisdn::v3 as password_by_msisdn,
            request_registration_token_via_email::v3 as register_by_email,
            request_registration_token_via_msisdn::v3 as register_by_msisdn,
        },
        error::ErrorCode,
    },
};

use crate::{Action, Answer, App, ClientInfo, MatrixError, MaybeAuthed, Public};

/// What one of ruma's three requests asks for; they have the same fields and nothing else in common.
macro_rules! wanted {
    ($purpose:expr, $user:expr, $request:expr) => {
        AddressProofRequest {
            purpose: $purpose,
            user: $user,
            address: $request.email,
            client_secret: $request.client_secret.to_string(),
            send_attempt: $request.send_attempt.into(),
            next_link: $request.next_link,
        }
    };
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3registeremailrequesttoken)
pub async fn register_email(
    State(app): State<App>,
    Public { client, request }: Public<register_by_email::Request>,
) -> Result<Answer<register_by_email::Response>, MatrixError> {
    let wanted = wanted!(AddressPurpose::Register, None, request);
    Ok(Answer(register_by_email::Response::new(begin(&app, &client, wanted).await?)))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidemailrequesttoken)
pub async fn add_email(
    State(app): State<App>,
    MaybeAuthed { caller, client, request }: MaybeAuthed<add_by_email::Request>,
) -> Result<Answer<add_by_email::Response>, MatrixError> {
    let wanted = wanted!(AddressPurpose::Add, caller.map(|caller| caller.user), request);
    Ok(Answer(add_by_email::Response::new(begin(&app, &client, wanted).await?)))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountpasswordemailrequesttoken)
pub async fn password_email(
    State(app): State<App>,
    Public { client, request }: Public<password_by_email::Request>,
) -> Result<Answer<password_by_email::Response>, MatrixError> {
    let wanted = wanted!(AddressPurpose::ResetPassword, None, request);
    Ok(Answer(password_by_email::Response::new(begin(&app, &client, wanted).await?)))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3registermsisdnrequesttoken)
pub async fn register_msisdn(
    _: State<App>,
    _: Public<register_by_msisdn::Request>,
) -> Result<Answer<register_by_msisdn::Response>, MatrixError> {
    Err(denied("This server does not register by telephone number"))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidmsisdnrequesttoken)
pub async fn add_msisdn(
    _: State<App>,
    _: Public<add_by_msisdn::Request>,
) -> Result<Answer<add_by_msisdn::Response>, MatrixError> {
    let message = "This server does not keep telephone numbers";
    Err(MatrixError::new(StatusCode::BAD_REQUEST, ErrorCode::ThreepidMediumNotSupported, message))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountpasswordmsisdnrequesttoken)
pub async fn password_msisdn(
    _: State<App>,
    _: Public<password_by_msisdn::Request>,
) -> Result<Answer<password_by_msisdn::Response>, MatrixError> {
    Err(denied("This server resets no password by telephone number"))
}

/// Letters go to people who may not want them, so both who asks and whom it reaches are counted.
async fn begin(
    app: &App,
    client: &ClientInfo,
    wanted: AddressProofRequest,
) -> Result<OwnedSessionId, MatrixError> {
    app.limits.address(client.address, Action::Registration)?;
    app.limits.text(&format!("letter to {}", wanted.address.trim().to_lowercase()), Action::LoginFailed)?;
    let sid = app.flows.request_address_proof(wanted).await?;
    SessionId::parse(sid).map_err(|error| MatrixError::internal("write session id", error))
}

fn denied(message: &'static str) -> MatrixError {
    MatrixError::new(StatusCode::FORBIDDEN, ErrorCode::ThreepidDenied, message)
}
