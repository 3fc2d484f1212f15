//! The processes of a job that run a scene together, as one of them: rank 0 has the terminal and the files, the others follow.
//! Without MPI a process is alone.

use bevy_app::App;
use bevy_ecs::prelude::*;

use super::super::CliError;
use crate::network::{Ranks, whole::FailedElsewhere};

/// This process among those that run together.
pub(super) struct Party {
    #[cfg(feature = "mpi")]
    membership: Option<crate::ranks::mpi::Membership>,
    follows: bool,
}

impl Party {
    /// Joins whoever was started with this process.
    #[cfg(feature = "mpi")]
    pub fn join(app: &mut App) -> Result<Self, CliError> {
        let Some((membership, exchange)) = crate::ranks::mpi::join()? else {
            return Ok(Self { membership: None, follows: false });
        };
        let exchange: std::sync::Arc<dyn crate::numeric::exchange::Exchange> = std::sync::Arc::new(exchange);
        let follows = exchange.rank() > 0;
        app.add_plugins(crate::ranks::RanksPlugin(exchange));
        Ok(Self { membership: Some(membership), follows })
    }

    /// Nobody can be joined without MPI.
    #[cfg(not(feature = "mpi"))]
    pub fn join(_: &mut App) -> Result<Self, CliError> {
        Ok(Self { follows: false })
    }

    /// Whether another process leads.
    pub const fn follows(&self) -> bool {
        self.follows
    }

    /// Goes on if all have come as far; of several that have failed, the first tells why.
    pub fn agree<T>(&self, world: &mut World, own: Result<T, CliError>) -> Result<T, CliError> {
        let told_here = world.remove_resource::<FailedElsewhere>().is_none() && own.is_err();
        match (own, Ranks::first(world.get_resource::<Ranks>(), told_here)) {
            (Ok(made), None) => Ok(made),
            (Err(error), Some(true) | None) => Err(error),
            _ => Err(CliError::Elsewhere),
        }
    }

    /// Ends the part of this process. Where it has something to tell and others may wait for it, it tells and ends all of them.
    #[cfg(feature = "mpi")]
    pub fn end(self, ended: Result<(), CliError>) -> Result<(), CliError> {
        match (&self.membership, &ended) {
            (_, Ok(()) | Err(CliError::Elsewhere)) | (None, _) => ended,
            (Some(membership), Err(error)) => {
                super::super::print_error(error);
                membership.abort(error.exit_code())
            }
        }
    }

    #[cfg(not(feature = "mpi"))]
    #[expect(clippy::unused_self, reason = "nobody waits for who is alone")]
    pub fn end(self, ended: Result<(), CliError>) -> Result<(), CliError> {
        ended
    }

    /// Lets the others go.
    #[expect(clippy::unused_self, reason = "whoever is alone has nobody to let go")]
    pub fn dismiss(&self, world: &World) {
        crate::session::dismiss(world);
    }
}
