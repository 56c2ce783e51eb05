//! What the end-to-end tests are written with: they start the real binary and drive it with real clients.
//!
//! A test owns a [`Place`], a folder of its own that is gone when the test ends, and starts as many servers and commands
//! on it as it needs. Nothing here knows the crates of the product: only what it prints, answers and leaves on the disk.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::return_self_not_must_use,
    reason = "what fails here fails the test with a message that says what it was, so most answers need no second look"
)]

mod binary;
mod chance;
mod client;
mod faults;
mod findings;
mod fleet;
mod nginx;
mod node;
mod place;
mod python;
mod robot;
mod server;
mod stream;
mod sweep;
mod wait;

pub use binary::{Command, Outcome};
pub use chance::Chance;
pub use client::{Answer, Broken, Client, basic};
pub use faults::{Failing, Faults};
pub use findings::{amount, found, is_long};
pub use fleet::{Fleet, Issued};
pub use nginx::Nginx;
pub use node::node;
pub use place::Place;
pub use python::{python, python_command};
pub use robot::Robot;
pub use server::{Serve, Server};
pub use sweep::Sweep;
pub use wait::eventually;

/// The administrator's password of every installation that a test makes.
pub const PASSWORD: &str = "correct-horse-battery-staple-7";
