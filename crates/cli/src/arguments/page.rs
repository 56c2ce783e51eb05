//! Which page of a long list.

use clap::Args;

/// Which page of a long list.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct PageArgs {
    /// Which page, from 0
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=2_147_483_647))]
    pub(crate) page: u32,
    /// How many entries a page holds
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) page_size: u32,
}
