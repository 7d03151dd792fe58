//! What to build, in cargo's words: the options that all commands share.

use std::{path::PathBuf, process::Command};

/// What to build. As command line options these are cargo's own; `[package.metadata.glue]` may hold them, too.
#[derive(Debug, Clone, PartialEq, Eq, Default, clap::Args)]
#[command(next_help_heading = "What to build, as for cargo")]
#[non_exhaustive]
pub struct Selection {
    /// Only this package of the workspace (repeatable)
    #[arg(short, long = "package", value_name = "NAME")]
    pub packages: Vec<String>,
    /// Features to build with, with commas or repeated
    #[arg(short = 'F', long, value_name = "LIST")]
    pub features: Vec<String>,
    /// Build with all features
    #[arg(long)]
    pub all_features: bool,
    /// Build without the default features
    #[arg(long)]
    pub no_default_features: bool,
    /// Build for this target, which must run here
    #[arg(long, value_name = "TRIPLE")]
    pub target: Option<String>,
    /// Build with this profile
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Path of Cargo.toml
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,
    /// Fail if Cargo.lock would change
    #[arg(long)]
    pub locked: bool,
    /// Do not use the network
    #[arg(long)]
    pub offline: bool,
    /// Both of these
    #[arg(long)]
    pub frozen: bool,
}

impl Selection {
    /// Fills in from `under` what this leaves open.
    pub(crate) fn or(self, under: Self) -> Self {
        let list = |over: Vec<String>, under| if over.is_empty() { under } else { over };
        Self {
            packages: list(self.packages, under.packages),
            features: list(self.features, under.features),
            all_features: self.all_features || under.all_features,
            no_default_features: self.no_default_features || under.no_default_features,
            target: self.target.or(under.target),
            profile: self.profile.or(under.profile),
            manifest_path: self.manifest_path.or(under.manifest_path),
            locked: self.locked || under.locked,
            offline: self.offline || under.offline,
            frozen: self.frozen || under.frozen,
        }
    }

    /// Passes on the options that every subcommand of cargo takes.
    pub(crate) fn pass_common(&self, command: &mut Command) {
        if let Some(path) = &self.manifest_path {
            command.arg("--manifest-path").arg(path);
        }
        let switches = [
            (self.locked, "--locked"),
            (self.offline, "--offline"),
            (self.frozen, "--frozen"),
        ];
        command.args(switches.iter().filter(|(is_on, _)| *is_on).map(|(_, flag)| flag));
    }

    /// Passes on the options of subcommands that build.
    pub(crate) fn pass_build(&self, command: &mut Command) {
        self.pass_common(command);
        for features in &self.features {
            command.arg("--features").arg(features);
        }
        if self.all_features {
            command.arg("--all-features");
        }
        if self.no_default_features {
            command.arg("--no-default-features");
        }
        if let Some(profile) = &self.profile {
            command.arg("--profile").arg(profile);
        }
    }
}
