//! Matrix codes of what application services, and what is said of them, are refused.

use appservice::AppserviceError;
use delivery::appservices::ServicesError;
use http::StatusCode;
use ruma::api::error::ErrorCode;

use super::MatrixError;

impl From<AppserviceError> for MatrixError {
    fn from(error: AppserviceError) -> Self {
        let message = error.to_string();
        match error {
            AppserviceError::UrlNotSet => Self::new(StatusCode::BAD_REQUEST, ErrorCode::UrlNotSet, message),
            AppserviceError::Connection(_) => {
                Self::new(StatusCode::BAD_GATEWAY, ErrorCode::ConnectionFailed, message)
            }
            AppserviceError::Timeout => {
                Self::new(StatusCode::GATEWAY_TIMEOUT, ErrorCode::ConnectionTimeout, message)
            }
            AppserviceError::BadStatus { status, body } => {
                Self::new(StatusCode::BAD_GATEWAY, ErrorCode::BadStatus, message)
                    .with("status", status)
                    .with("body", body)
            }
            AppserviceError::Unknown => Self::not_found(message),
            AppserviceError::Registration(_) => Self::invalid_param(message),
        }
    }
}

impl From<ServicesError> for MatrixError {
    fn from(error: ServicesError) -> Self {
        let message = error.to_string();
        match error {
            ServicesError::Exclusive(_) => Self::new(StatusCode::BAD_REQUEST, ErrorCode::Exclusive, message),
            ServicesError::TooManyListed => {
                Self::new(StatusCode::BAD_REQUEST, ErrorCode::ResourceLimitExceeded, message)
            }
            ServicesError::InvalidNetwork => Self::invalid_param(message),
            ServicesError::Service(error) => error.into(),
            ServicesError::Rooms(error) => error.into(),
            ServicesError::Store(error) => error.into(),
        }
    }
}
