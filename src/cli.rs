//! tmp
#![allow(missing_docs)]
pub struct Cli{pub config:Option<std::path::PathBuf>,pub command:Command}
pub enum Command{Serve,CheckConfig,PrintDefaultConfig}
impl Cli{pub fn parse_args()->Cli{Cli{config:None,command:Command::Serve}}}
