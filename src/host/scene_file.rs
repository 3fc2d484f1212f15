//! Scene files as assets of a Bevy application: loaded by its asset server, and built anew when they are edited.

use std::{io, path::PathBuf};

use bevy_app::{App, Plugin, Update};
use bevy_asset::{
    Asset, AssetApp, AssetEvent, AssetId, AssetLoadFailedEvent, AssetLoader, AssetPlugin, Assets, Handle, LoadContext,
    io::{AssetSourceId, Reader, file::FileAssetReader},
};
use bevy_ecs::prelude::*;
use bevy_reflect::TypePath;

use super::{
    NetworkSource,
    spawn::{rebuild, tell_refused},
};
use crate::{
    assemble::{begin_at, check},
    network::Origin,
    scene::Scene,
    text::{Diagnostics, Document},
};

/// A scene file: its text, which only a world with its behaviours can read as a [`Scene`].
#[derive(Asset, TypePath, Clone, Debug)]
pub struct SceneFile {
    /// The text.
    pub text: String,
    /// What messages call it.
    pub name: String,
    /// Where its arrays lie; it can read none otherwise.
    pub folder: Option<PathBuf>,
}

impl SceneFile {
    /// The scene that it describes.
    ///
    /// # Errors
    /// As for [`Scene::from_text`].
    pub fn read(&self, world: &World) -> Result<Scene, Diagnostics> {
        let document = Document::parse(&self.name, &*self.text)?;
        let scene = Scene::from_document_with(world, document, &[] as &[&str])?;
        Ok(Scene { folder: self.folder.clone(), ..scene })
    }
}

/// Loads scene files, `*.ron`, and has the networks that were spawned from them follow their edits.
///
/// ```no_run
/// use cortecs::{bevy_asset::AssetServer, host::{SceneFilePlugin, SpawnNetwork}, prelude::*};
///
/// # use cortecs::bevy_asset::AssetPlugin;
/// let mut app = App::new();
/// app.add_plugins((AssetPlugin::default(), CortecsPlugins, SceneFilePlugin)) // `DefaultPlugins` have the first one
///     .add_systems(Startup, |mut commands: Commands, assets: Res<AssetServer>| {
///         commands.spawn_network(assets.load("izhikevich.ron"));
///     });
/// ```
/// With bevy's feature `file_watcher` a file that is saved is loaded again: see [`rebuild`]. If it is wrong, that is told as
/// [`NetworkFailed`](super::NetworkFailed) and the network goes on as it was. Files that were there when the application was built are read from the
/// folder of assets, arrays too.
pub struct SceneFilePlugin;

impl Plugin for SceneFilePlugin {
    fn build(&self, app: &mut App) {
        let assets = app.get_added_plugins::<AssetPlugin>();
        let folder = assets.first().map(|assets| FileAssetReader::get_base_path().join(&assets.file_path));
        app.init_asset::<SceneFile>()
            .register_asset_loader(SceneFileLoader { folder })
            .add_systems(Update, (tell_missing, follow).chain());
    }
}

/// Reads scene files as text.
#[derive(TypePath)]
struct SceneFileLoader {
    /// The folder of assets.
    folder: Option<PathBuf>,
}

impl AssetLoader for SceneFileLoader {
    type Asset = SceneFile;
    type Settings = ();
    type Error = io::Error;

    async fn load(&self, reader: &mut dyn Reader, (): &(), context: &mut LoadContext<'_>) -> io::Result<SceneFile> {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).await?;
        let text = String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let path = context.path();
        let parent = path.path().parent().filter(|_| *path.source() == AssetSourceId::Default);
        let folder = self.folder.as_ref().zip(parent).map(|(folder, parent)| folder.join(parent));
        Ok(SceneFile { text, name: path.to_string(), folder })
    }

    fn extensions(&self) -> &[&str] {
        &["ron"]
    }
}

/// On the entity of a network: the file that it follows.
#[derive(Component, Clone, Debug)]
struct Follows {
    file: Handle<SceneFile>,
    /// Whether the file was loaded.
    seen: bool,
}

/// Built when the file is loaded, and anew when it is edited.
impl NetworkSource for Handle<SceneFile> {
    fn begin(self, world: &mut World, network: Entity) {
        if let Ok(mut network) = world.get_entity_mut(network) {
            network.insert(Follows { file: self, seen: false });
        }
    }
}

fn tell_missing(
    mut failed: MessageReader<AssetLoadFailedEvent<SceneFile>>,
    networks: Query<(Entity, &Follows)>,
    mut commands: Commands,
) {
    for AssetLoadFailedEvent { id, error, .. } in failed.read() {
        for (network, _) in networks.iter().filter(|(_, follows)| follows.file.id() == *id) {
            let why = error.to_string();
            commands.queue(move |world: &mut World| tell_refused(world, network, why));
        }
    }
}

fn follow(
    mut events: MessageReader<AssetEvent<SceneFile>>,
    files: Res<Assets<SceneFile>>,
    mut networks: Query<(Entity, &mut Follows)>,
    mut commands: Commands,
) {
    let edited = |event: &AssetEvent<SceneFile>| match event {
        AssetEvent::Modified { id } => Some(*id),
        _ => None,
    };
    let edited: Vec<AssetId<SceneFile>> = events.read().filter_map(edited).collect();
    for (network, mut follows) in &mut networks {
        let Some(file) = files.get(&follows.file) else { continue };
        let is_new = !std::mem::replace(&mut follows.seen, true);
        if is_new || edited.contains(&follows.file.id()) {
            let file = file.clone();
            commands.queue(move |world: &mut World| take_in(world, network, &file));
        }
    }
}

/// Builds a network from its file, or anew if there is one already. If the file is wrong, its next edit is awaited.
fn take_in(world: &mut World, network: Entity, file: &SceneFile) {
    let outcome = file.read(world).and_then(|scene| match world.get::<Origin>(network) {
        Some(_) => rebuild(world, network, &scene).map(|rebuilt| {
            if let Err(why) = rebuilt.kept {
                tell_refused(world, network, format!("it begins anew, as its state cannot be kept: {why}"));
            }
        }),
        None => check(world, &scene).and_then(|_| begin_at(world, network, scene)).map(|_| ()),
    });
    if let Err(why) = outcome {
        tell_refused(world, network, why.to_string());
    }
}
