//! The simulator from outside, over its ports.

mod archive;
mod bot_callbacks;
mod bot_files;
mod callbacks;
mod cards;
mod client;
mod customers;
mod directory;
mod door;
mod features;
mod groups;
mod line;
mod media;
mod meetings;
mod office;
mod replies;
mod rooms;
mod sending;
mod service;
mod service_accounts;
mod sign_on;
mod sockets;
mod tokens;
mod troubles;
