//! Flags of the log: what they say wins over environment and configuration file.

use clap::Args;
use contract::values;

/// What is logged, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Log")]
pub(crate) struct LogFlags {
    /// trace, debug, info, notice, warn or error; wins over `VAULT_LOG_LEVEL`.
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,

    /// standard or json; wins over `VAULT_LOG_FORMAT`.
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,

    /// File that gets the log as well; a directory gets the file agent.log.
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<String>,

    /// Size at which the log file is replaced; no limit where absent.
    #[arg(long, value_name = "BYTES", allow_negative_numbers = true)]
    pub log_rotate_bytes: Option<i64>,

    /// Age at which the log file is replaced; 24h where absent.
    #[arg(long, value_name = "DURATION")]
    pub log_rotate_duration: Option<String>,

    /// How many replaced log files are kept: 0 keeps all, -1 none.
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true)]
    pub log_rotate_max_files: Option<i64>,

    /// Log to stdout instead of stderr.
    #[arg(
        long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", value_parser = values::parse_bool
    )]
    pub combine_logs: Option<bool>,
}
