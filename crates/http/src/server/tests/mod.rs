//! A real listener on a loopback port, and clients that behave and misbehave.

mod certificates;
mod ending;
mod fixture;
mod limits;
mod protocols;
