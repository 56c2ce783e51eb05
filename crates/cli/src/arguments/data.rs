//! Where the data is and which rules hold for it.

use std::path::PathBuf;

use breakglass_domain::Minutes;
use clap::Args;

use crate::lifetime;

/// The data folder and its rules. Each flag can also stand in the environment and in the configuration file.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Data folder")]
pub(crate) struct DataArgs {
    /// The configuration file [default: breakglass.toml in the data folder, or else in the working folder]
    ///
    /// One that was not named, nor its folder, is refused when it is another user's or others can write it.
    #[arg(long, value_name = "FILE", env = "BREAKGLASS_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The folder of everything that is kept [default: breakglass-data]
    #[arg(long, value_name = "DIR", env = "BREAKGLASS_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The master key, its owner's alone [default: master.key in the data folder]
    #[arg(long, value_name = "FILE", env = "BREAKGLASS_MASTER_KEY_FILE")]
    pub(crate) master_key_file: Option<PathBuf>,
    /// The record of everything that was recalled, from which a restore learns it [default: the one that was used last with the data folder, or recalls.log in it]
    ///
    /// On another disk or machine it outlives the store. A recall is refused while it cannot be written.
    #[arg(long, value_name = "FILE", env = "BREAKGLASS_RECALL_FILE")]
    pub(crate) recall_file: Option<PathBuf>,
    /// Append signed checkpoints of the audit to this file, which should lie on another machine
    ///
    /// A server that cannot write it does not start.
    #[arg(long, value_name = "FILE", env = "BREAKGLASS_CHECKPOINT_FILE")]
    pub(crate) checkpoint_file: Option<PathBuf>,
    /// How often a server signs a checkpoint when there are new records, in minutes or with a unit (1h) [default: 5]
    ///
    /// It also signs one when it stops. What was recorded since the last checkpoint can be cut off unnoticed.
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, env = "BREAKGLASS_CHECKPOINT_INTERVAL", value_parser = lifetime::parse_minutes)]
    pub(crate) checkpoint_interval: Option<Minutes>,
    /// The longest lifetime of an emergency token, in minutes or with a unit (180d) [default: 259200]
    #[arg(long, value_name = "TTL", allow_negative_numbers = true, env = "BREAKGLASS_EMERGENCY_TTL_CAP", value_parser = lifetime::parse_minutes)]
    pub(crate) emergency_ttl_cap: Option<Minutes>,
    /// For how many seconds a status list may be kept: the lag of a recall for offline verifiers [default: 30]
    #[arg(long, value_name = "SECONDS", env = "BREAKGLASS_STATUS_LIST_TTL")]
    pub(crate) status_list_ttl: Option<u32>,
}
