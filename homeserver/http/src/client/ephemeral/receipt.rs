//! `POST /_matrix/client/v3/rooms/{roomId}/receipt/{receiptType}/{eventId}`

use axum::extract::State;
use rooms::receipts::{ReceiptKind, ReceiptScope};
use ruma::{
    api::client::receipt::create_receipt::v3::{ReceiptType, Request, Response},
    events::receipt::ReceiptThread,
};

use super::may_go_back;
use crate::{Answer, App, Authed, MatrixError, extract::WithBody};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidreceiptreceipttypeeventid)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<WithBody<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    let WithBody { request, part: body } = request;
    let may_go_back = may_go_back(&body)?;
    if may_go_back && request.receipt_type != ReceiptType::FullyRead {
        return Err(MatrixError::invalid_param("Only m.fully_read may move back"));
    }
    let scope = scope(&request.thread)?;
    let room = app.rooms.joined_room(&app.store, &caller.user, &request.room_id).await?;
    match request.receipt_type {
        ReceiptType::Read => {
            app.rooms.set_receipt(&room, ReceiptKind::Public, &scope, &request.event_id).await?;
        }
        ReceiptType::ReadPrivate => {
            app.rooms.set_receipt(&room, ReceiptKind::Private, &scope, &request.event_id).await?;
        }
        ReceiptType::FullyRead if scope != ReceiptScope::Unthreaded => {
            return Err(MatrixError::invalid_param("m.fully_read takes no thread_id"));
        }
        ReceiptType::FullyRead => {
            app.rooms.set_fully_read(&room, &request.event_id, may_go_back).await?;
        }
        _ => return Err(MatrixError::invalid_param("The receipt type is not known")),
    }
    app.rooms.presence_active(&caller.user).await?;
    Ok(Answer(Response::new()))
}

fn scope(thread: &ReceiptThread) -> Result<ReceiptScope, MatrixError> {
    match thread {
        ReceiptThread::Unthreaded => Ok(ReceiptScope::Unthreaded),
        ReceiptThread::Main => Ok(ReceiptScope::Main),
        ReceiptThread::Thread(root) => Ok(ReceiptScope::Thread(root.clone())),
        _ => Err(MatrixError::invalid_param("thread_id is neither \"main\" nor an event id")),
    }
}
