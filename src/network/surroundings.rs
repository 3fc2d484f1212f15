//! What values refer to beside the fields of their behaviour: functions, constants, and the files of arrays.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use bevy_app::App;
use bevy_ecs::prelude::*;

use crate::{
    files::{self, FileError},
    value::{Array, ArraySource, Function, Functions},
};

/// The functions that values may call.
#[derive(Resource, Default)]
pub struct ValueFunctions(pub Functions);

/// Registers value functions in an app.
pub trait RegisterValueFunction {
    /// Makes a function known to the expressions of all scenes; one of the same name is replaced.
    fn register_value_function(&mut self, function: Function) -> &mut Self;
}

impl RegisterValueFunction for App {
    fn register_value_function(&mut self, function: Function) -> &mut Self {
        self.world_mut().get_resource_or_init::<ValueFunctions>().0.register(function);
        self
    }
}

/// Where the files that a scene names are read from: arrays, pictures, lists. The one way to all of them.
#[derive(Resource, Default, Clone, Debug)]
pub struct ArrayFolder {
    /// The folder; `None` refuses all files.
    pub folder: Option<PathBuf>,
    /// Whether files outside the folder are read too; default no.
    pub outside: bool,
    /// The files that were asked for, by their names.
    asked: Arc<Mutex<BTreeSet<String>>>,
}

impl ArrayFolder {
    /// The files in a folder, and outside it too if that is allowed.
    #[must_use]
    pub fn new(folder: Option<PathBuf>, outside: bool) -> Self {
        Self { folder, outside, asked: Arc::default() }
    }

    /// The files that were asked for, by their names.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().map(|asked| asked.iter().cloned().collect()).unwrap_or_default()
    }

    /// The files in a folder, and no others.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self::new(Some(folder.to_owned()), false)
    }

    /// The path of a file, with all symbolic links followed.
    ///
    /// # Errors
    /// A text that says why it is not read: there is no folder, the file does not exist or lies outside.
    pub fn path(&self, file: &str) -> Result<PathBuf, String> {
        if let Ok(mut asked) = self.asked.lock() {
            asked.insert(file.to_owned());
        }
        match &self.folder {
            None => Err(format!("`{file}` cannot be read: this network was given no folder to read files from")),
            Some(folder) if self.outside => Ok(folder.join(file)),
            Some(folder) => files::within(folder, file).map_err(|error: FileError| error.to_string()),
        }
    }
}

impl ArraySource for ArrayFolder {
    fn load(&self, file: &str, key: Option<&str>) -> Result<Arc<Array>, String> {
        let path = self.path(file)?;
        let array = match key {
            Some(key) => crate::npy::load_from_npz(&path, key),
            None => crate::npy::load(&path),
        };
        array.map(Arc::new).map_err(|error| error.to_string())
    }
}

/// Names for numbers that values may use: the constants of a scene.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Constants(pub Vec<(String, f64)>);
