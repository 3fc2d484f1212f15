//! Addresses: groups, receptors, variables and behaviours are named everywhere in one way: `excitatory.v`,
//! `neurons.v` (a tag), `excitatory.gaba.arriving` (a receptor), `GLUTAMATE.weights` (synapse groups by tag).

use std::{fmt, str::FromStr};

use bevy_ecs::{entity_disabling::Disabled, prelude::*};

use super::{
    compartment::{CompartmentOf, group_of},
    group::{NeuronGroup, Tags},
    membership::network_of,
    receptor::ReceptorOf,
    shape::path_of,
    synapse::SynapseGroup,
};

/// A parsed address: a group name or tag, perhaps a receptor, then a variable or a behaviour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Name or tag of neuron groups or synapse groups.
    pub group: String,
    /// Name of a receptor or of a compartment; of a receptor at a compartment both, `dendrite.nmda`.
    pub receptor: Option<String>,
    /// The variable or the behaviour.
    pub last: String,
}

/// Why an address leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Not two to four words with points between them.
    #[error("`{0}` is no address; write group.variable or group.receptor.variable")]
    Form(String),
    /// Neither a name nor a tag.
    #[error("no group is named or tagged `{name}`")]
    NoGroup {
        /// What was asked for.
        name: String,
        /// Names and tags that exist.
        known: Vec<String>,
    },
    /// The groups have no receptor of that name.
    #[error("`{group}` has no receptor named `{receptor}`")]
    NoReceptor {
        /// The group.
        group: String,
        /// What was asked for.
        receptor: String,
        /// The names of its receptors.
        known: Vec<String>,
    },
    /// Nothing there has such a variable.
    #[error("`{address}`: no such variable{}", among(address, group))]
    NoVariable {
        /// The address.
        address: String,
        /// The group or receptor that lacks it, in words.
        group: String,
        /// The variables that there are.
        known: Vec<String>,
    },
    /// Nothing there has such a behaviour.
    #[error("`{address}`: no such behaviour there")]
    NoBehaviour {
        /// The address.
        address: String,
        /// Behaviours that exist.
        known: Vec<String>,
    },
}

impl AddressError {
    /// What is known instead, for suggestions, and what was asked for.
    #[must_use]
    pub fn alternatives(&self) -> (&str, &[String]) {
        let last = |address: &'_ str| address.rfind('.').map_or(0, |point| point + 1);
        match self {
            Self::Form(_) => ("", &[]),
            Self::NoGroup { name, known } => (name, known),
            Self::NoReceptor { receptor, known, .. } => (receptor, known),
            Self::NoVariable { address, known, .. } | Self::NoBehaviour { address, known } => {
                (&address[last(address)..], known)
            }
        }
    }
}

/// Which of the groups of a tag is meant; nothing where the address names it.
fn among(address: &str, group: &str) -> String {
    let named = address.strip_prefix(group).is_some_and(|rest| rest.starts_with('.'));
    if named { String::new() } else { format!(" in `{group}`") }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let words: Vec<&str> = text.split('.').map(str::trim).collect();
        if words.iter().any(|word| word.is_empty()) {
            return Err(AddressError::Form(text.to_owned()));
        }
        match words[..] {
            [group, last] => Ok(Self { group: group.into(), receptor: None, last: last.into() }),
            [group, ref within @ .., last] if (1..=2).contains(&within.len()) => {
                Ok(Self { group: group.into(), receptor: Some(within.join(".")), last: last.into() })
            }
            _ => Err(AddressError::Form(text.to_owned())),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.", self.group)?;
        if let Some(receptor) = &self.receptor {
            write!(f, "{receptor}.")?;
        }
        f.write_str(&self.last)
    }
}

impl Address {
    /// The entities that the address leads to, without its last word, sorted by name: within a network, or, given none, in
    /// the whole world.
    ///
    /// # Errors
    /// No such group or receptor.
    pub fn entities(&self, world: &mut World, network: Option<Entity>) -> Result<Vec<Entity>, AddressError> {
        let groups = groups(world, network, &self.group)?;
        let Some(receptor) = &self.receptor else { return Ok(groups) };
        let mut owned =
            world.query_filtered::<Entity, (Or<(With<ReceptorOf>, With<CompartmentOf>)>, Allow<Disabled>)>();
        let owned: Vec<Entity> = owned.iter(world).collect();
        // By what they are called within their group.
        let within = |entity: Entity| {
            let group = group_of(world, entity);
            let (path, group_path) = (path_of(world, entity), path_of(world, group));
            let name = path.strip_prefix(&group_path)?.strip_prefix('.')?.to_owned();
            groups.contains(&group).then_some((entity, name, group))
        };
        let of_groups: Vec<_> = owned.into_iter().filter_map(within).collect();
        let mut found: Vec<_> = of_groups.iter().filter(|(_, name, _)| name == receptor).collect();
        if found.is_empty() {
            let known = names(of_groups.iter().map(|(_, name, _)| name.as_str()));
            return Err(AddressError::NoReceptor { group: self.group.clone(), receptor: receptor.clone(), known });
        }
        found.sort_by_key(|(_, _, of)| groups.iter().position(|group| group == of));
        Ok(found.into_iter().map(|(entity, _, _)| *entity).collect())
    }
}

/// The neuron groups and synapse groups of a name, or else of a tag, sorted by name: within a network, or, given none, in
/// the whole world.
///
/// # Errors
/// There are none.
pub fn groups(world: &mut World, network: Option<Entity>, name: &str) -> Result<Vec<Entity>, AddressError> {
    let mut query = world
        .query_filtered::<(Entity, &Name, &Tags), (Or<(With<NeuronGroup>, With<SynapseGroup>)>, Allow<Disabled>)>();
    let world = &*world;
    let is_there = |entity| network.is_none() || network_of(world, entity) == network;
    let mut all: Vec<_> = query.iter(world).filter(|(entity, ..)| is_there(*entity)).collect();
    all.sort_by_key(|(_, name, _)| name.as_str());
    let entities = |keep: &dyn Fn(&Name, &Tags) -> bool| -> Vec<Entity> {
        all.iter().filter(|(_, name, tags)| keep(name, tags)).map(|(entity, ..)| *entity).collect()
    };
    let found = entities(&|known, _| known.as_str() == name);
    let found = if found.is_empty() { entities(&|_, tags| tags.contains(name)) } else { found };
    if found.is_empty() {
        let words = all
            .iter()
            .flat_map(|(_, name, tags)| std::iter::once(name.as_str()).chain(tags.0.iter().map(String::as_str)));
        return Err(AddressError::NoGroup { name: name.to_owned(), known: names(words) });
    }
    Ok(found)
}

/// Sorted, each once.
fn names<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let sorted: std::collections::BTreeSet<&str> = words.collect();
    sorted.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_two_to_four_words() {
        let address: Address = "excitatory.gaba.arriving".parse().unwrap();
        assert_eq!(address.to_string(), "excitatory.gaba.arriving");
        assert_eq!(
            "a.dendrite.nmda.conductance".parse::<Address>().unwrap().receptor.as_deref(),
            Some("dendrite.nmda")
        );
        for bad in ["v", "a.b.c.d.e", "a.", ".v", ""] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_wins_over_a_tag_and_unknown_words_are_refused() {
        let mut world = World::new();
        let cells = |name: &'static str, tags: &[&str]| (Name::new(name), NeuronGroup::new(1), Tags::new(tags));
        let b = world.spawn(cells("b", &["all", "a"])).id();
        let a = world.spawn(cells("a", &["all"])).id();
        assert_eq!(groups(&mut world, None, "all"), Ok(vec![a, b]));
        assert_eq!(groups(&mut world, None, "a"), Ok(vec![a]));
        let error = groups(&mut world, None, "al").unwrap_err();
        assert_eq!(error.alternatives(), ("al", &["a".to_owned(), "all".into(), "b".into()][..]));
    }
}
