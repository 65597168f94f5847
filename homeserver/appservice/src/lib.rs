//! Application services: programs that the operator registered to act for whole ranges of users and rooms.
//!
//! This crate owns the registrations, the namespaces they claim, and the questions the server asks them. What
//! each of them is owed is sent by `delivery`; this crate never reads rooms.

mod availability;
mod error;
mod key_questions;
pub mod limits;
mod namespaces;
mod overlap;
mod questions;
mod register;
mod registration;

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use outbound::Outbound;
use parking_lot::Mutex;
use ruma::OwnedServerName;
use tokio::{sync::watch, time::Instant};

pub use self::{
    availability::AvailabilityQuestion,
    error::AppserviceError,
    key_questions::KeyQuestion,
    namespaces::Namespaces,
    questions::ThirdParty,
    register::{Loaded, Refused},
    registration::{Secret, Service},
};

/// What [`Appservices`] is built from.
pub struct AppservicesParts {
    /// The name in the id of every sender.
    pub server_name: OwnedServerName,
    /// Registrations of what runs in this very process, as files would say them; they are in no file.
    pub built_in: Vec<String>,
    /// Files and folders with registrations.
    pub places: Vec<PathBuf>,
    /// The server's own folder of registrations; it may be absent.
    pub folder: PathBuf,
    /// A way to the services that no guard stands in: the operator wrote their addresses.
    pub outbound: Outbound,
}

/// The application services of this server. Cloning it is one reference count.
#[derive(Clone)]
pub struct Appservices(Arc<Inner>);

pub(crate) struct Inner {
    register: register::Register,
    outbound: Outbound,
    /// (service, user, alias or path) → until when the service is taken not to know it.
    noes: Mutex<HashMap<(String, String), Instant>>,
}

impl Appservices {
    /// Reads the registrations. What cannot be used is told of in the log and in [`Loaded::refused`].
    pub async fn open(parts: AppservicesParts) -> Self {
        let AppservicesParts { server_name, built_in, places, folder, outbound } = parts;
        let register = register::Register::new(server_name, built_in, places, folder);
        register.reload().await;
        Self(Arc::new(Inner { register, outbound, noes: Mutex::default() }))
    }

    /// The services in use now.
    #[must_use]
    pub fn loaded(&self) -> Arc<Loaded> {
        self.0.register.loaded()
    }

    /// Tells whenever the services in use have changed.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.register.changes()
    }

    /// Reads the registrations again.
    pub async fn reload(&self) -> Arc<Loaded> {
        self.forget_noes();
        self.0.register.reload().await
    }

    /// Keeps a registration in the server's own folder and puts it into use.
    ///
    /// # Errors
    /// [`AppserviceError::Registration`] with what is wrong.
    pub async fn add(&self, text: &str) -> Result<Arc<Service>, AppserviceError> {
        self.0.register.add(text).await
    }
}
