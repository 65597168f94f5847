//! A simulator that runs: its ports, its workers, and the handle that ends it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::control;
use crate::delivery::{self, Deliver, Waiting};
use crate::faults::{Fault, FaultSpec};
use crate::limits::CONNECTIONS_MAX;
use crate::order::Order;
use crate::play::{End, Ending, Play, Refused, ending};

/// A port of loopback that is taken and not yet served.
#[derive(Debug)]
pub struct Port {
    listener: TcpListener,
    address: SocketAddr,
}

impl Port {
    /// Takes a port of loopback; any when it is 0.
    ///
    /// # Errors
    /// A port that is taken.
    pub async fn take(port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as the beginning of an URL, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// The ports of a simulator and its end, before anything is served.
#[derive(Debug)]
pub struct Opening {
    end: End,
    ending: Ending,
    control: Port,
}

impl Opening {
    /// Takes the port of the control API and of the page; any when it is 0.
    ///
    /// # Errors
    /// A port that is taken.
    pub async fn take(control_port: u16) -> std::io::Result<Self> {
        let (end, ending) = ending();
        Ok(Self { end, ending, control: Port::take(control_port).await? })
    }

    /// When it ends.
    pub fn ending(&self) -> Ending {
        self.ending.clone()
    }

    /// Serves the control port and these, each with its routes, and carries the events.
    pub fn run<D: Deliver>(
        self,
        play: Arc<D>,
        ports: Vec<(Port, Router)>,
        waiting: Waiting<D::Event>,
    ) -> Running<D> {
        let control_url = self.control.url();
        let mut workers = vec![tokio::spawn(delivery::run(play.clone(), waiting))];
        let control = (self.control, control::router(play.clone()));
        for (port, router) in ports.into_iter().chain([control]) {
            workers.push(tokio::spawn(serve(self.ending.clone(), port.listener, router)));
        }
        Running { play, control_url, end: self.end, workers: Mutex::new(workers) }
    }
}

/// A running simulator. It ends when it is dropped.
pub struct Running<P> {
    play: Arc<P>,
    control_url: String,
    end: End,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl<P: Play> Running<P> {
    /// What its parts share.
    pub fn play(&self) -> &Arc<P> {
        &self.play
    }

    /// Where the control API and the page are.
    pub fn control_url(&self) -> &str {
        &self.control_url
    }

    /// Does what a person, an administrator or a test does on this platform.
    ///
    /// # Errors
    /// What the platform refuses.
    pub async fn act(&self, command: P::Command) -> Result<Value, P::Refusal> {
        self.play.act(command).await
    }

    /// Does what a test does on every platform.
    ///
    /// # Errors
    /// A fault that the platform does not have.
    pub fn order(&self, order: Order) -> Result<Value, Refused> {
        order.carry_out(&*self.play)
    }

    /// Does a command as the control port takes it.
    ///
    /// # Errors
    /// What is no command, and what the platform refuses.
    pub async fn perform(&self, command: Value) -> Result<Value, Refused> {
        control::perform(&self.play, command).await
    }

    /// Lets something go wrong from now on.
    pub fn fail(&self, fault: impl Fault, spec: FaultSpec) {
        self.play.with_stage(|stage| stage.faults.set(fault, spec));
    }

    /// Ends it and waits until its ports are closed.
    pub async fn stop(&self) {
        self.end.now();
        let workers = std::mem::take(&mut *self.workers.lock());
        for worker in workers {
            // A worker that panicked has ended as well.
            let _ = worker.await;
        }
    }
}

/// Serves until the simulator ends. Names of headers are written with capitals, because there are clients that look at the
/// case.
async fn serve(ending: Ending, listener: TcpListener, router: Router) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().title_case_headers(true);
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(permit) = permits.clone().acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = ending.wait() => return,
        };
        // A client that is gone before it was accepted is nobody's trouble.
        let Ok((stream, _)) = accepted else { continue };
        let (ending, builder, router) = (ending.clone(), builder.clone(), router.clone());
        tokio::spawn(async move {
            let service = TowerToHyperService::new(router);
            let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
            tokio::select! {
                result = connection => {
                    if let Err(error) = result {
                        tracing::debug!(%error, "a connection ended");
                    }
                }
                () = ending.wait() => {}
            }
            drop(permit);
        });
    }
}

/// Makes `Simulator`, the handle of a running platform, of the crate's own `Shared`, which has a `state` with the `stage` in it and
/// the `ending`: from its commands and what it refuses, its faults, what does a command, and how its page looks.
#[macro_export]
macro_rules! simulator {
    ($command:ty, $refusal:ty, $fault:ty, $act:path, $page:expr) => {
        impl $crate::Play for Shared {
            type Command = $command;
            type Refusal = $refusal;

            const FAULTS: &'static [(&'static str, &'static str)] = <$fault>::LIST;
            const PAGE: $crate::Page = $page;

            fn with_stage<R>(&self, use_it: impl FnOnce(&mut $crate::Stage) -> R) -> R {
                use_it(&mut self.state.lock().stage)
            }

            fn ending(&self) -> &$crate::Ending {
                &self.ending
            }

            async fn act(self: &std::sync::Arc<Self>, command: $command) -> Result<$crate::Value, $refusal> {
                $act(self, command).await
            }
        }

        /// A running simulator. It ends when it is dropped.
        pub struct Simulator($crate::Running<Shared>);

        impl std::ops::Deref for Simulator {
            type Target = $crate::Running<Shared>;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }
    };
}
