//! The environment of a request. In: a name that has been checked for its characters. Out: its configuration.
//! No variable chooses the environment, and a name without a configuration file goes no further.

use std::path::{Path, PathBuf};

use loco_rs::app::Hooks;
use loco_rs::config::Config;
use loco_rs::environment::Environment;

use crate::failure::{words, Code, Failure};
use crate::plain::without_quoted;

/// An environment with its configuration; nothing has been connected to.
pub(crate) struct Chosen {
    pub environment: Environment,
    pub config: Config,
}

/// Loads the configuration of the environment `name` as the application itself does.
pub(crate) async fn load<H: Hooks>(name: &str) -> Result<Chosen, Failure> {
    let folder = std::env::var_os("LOCO_CONFIG_FOLDER").map_or_else(|| PathBuf::from("config"), PathBuf::from);
    if !folder.is_dir() {
        return Err(Failure::new(
            Code::ConfigInvalid,
            format!(
                "there is no configuration folder {:?}: run in the application's folder, or set LOCO_CONFIG_FOLDER",
                folder.display().to_string()
            ),
        ));
    }
    let has = |ending: &str| folder.join(format!("{name}{ending}")).is_file();
    if !has(".yaml") && !has(".local.yaml") {
        return Err(Failure::new(
            Code::UnknownEnvironment,
            format!("there is no {name}.yaml in the configuration folder; details.environments has those that are"),
        )
        .with("environments", environments(&folder)));
    }
    let environment = Environment::from(name.to_owned());
    let config = H::load_config(&environment).await.map_err(|error| {
        Failure::new(
            Code::ConfigInvalid,
            format!(
                "the configuration of {name} could not be loaded: {}",
                without_quoted(&words(&error))
            ),
        )
    })?;
    Ok(Chosen { environment, config })
}

/// The names of the environments that have a configuration file, at most 50.
fn environments(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|file| {
            let name = file.strip_suffix(".yaml")?;
            Some(name.strip_suffix(".local").unwrap_or(name).to_owned())
        })
        .filter(|name| crate::request::is_environment(name))
        .collect();
    names.sort();
    names.dedup();
    names.truncate(50);
    names
}
