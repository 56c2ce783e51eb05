//! What an operator chose, put together from flags, the environment, a file and defaults, in this order.

mod file;
mod public_url;
mod record_place;
mod resolve;

pub(crate) use file::SettingsFile;
pub(crate) use public_url::PublicUrl;
pub(crate) use record_place::remember;
pub(crate) use resolve::{DataSettings, LogFormat, ServeSettings, Tls};
