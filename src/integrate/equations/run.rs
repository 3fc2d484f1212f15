//! The system: group by group the program of its equations, on blocks of neurons.

use bevy_ecs::{prelude::*, relationship::RelationshipTarget};

use super::{
    EquationVariables, Equations,
    reads::Read,
    running::{For, Running, draws},
    sites::{All, Compartment, Sites, bits},
};
use crate::{
    equations::{Model, Runnable, Source},
    integrate::RefractoryLeft,
    network::{
        Arriving, Birth, Clock, CompartmentOf, Compartments, Conductance, Failures, Input, Jump, Receptors, Spikes,
        ThreadShares, ThresholdShift, V, graded::Graded, receptor::CameWith,
    },
    numeric::{
        Column, Noises, Real,
        blocks::PerBlock,
        normal,
        pass::{Pass, pass},
        shares::Effort,
        vector_rng::VectorRng,
    },
};

/// What reaches a group.
type Reaching = (&'static Input, Option<&'static Conductance>, Option<&'static Jump>, Option<&'static ThresholdShift>);

/// What a group with equations has.
type Group = (
    Entity,
    (Ref<'static, Equations>, &'static mut Running),
    (&'static mut EquationVariables, Option<&'static mut V>, Option<&'static mut RefractoryLeft>),
    Reaching,
    &'static mut Spikes,
    (&'static ThreadShares, Option<&'static Birth>, Option<&'static Receptors>, Option<&'static Compartments>),
);

/// What a sum over synapses is read from.
type Summing = (&'static Name, &'static Arriving, Option<&'static Graded>);

pub(super) fn integrate(
    mut groups: Query<Group, Without<CompartmentOf>>,
    mut compartments: Query<Compartment, With<CompartmentOf>>,
    receptors: Query<Summing, With<CameWith>>,
    clock: Res<Clock>,
    mut failures: ResMut<Failures>,
) {
    let mut compartments = Sites::new(&mut compartments);
    pass(|pass| {
        for (entity, (equations, running), state, reaching, spikes, (shares, birth, own, apart)) in &mut groups {
            let running = running.into_inner();
            let (input, conductance, jump, shift) = reaching;
            let (sites, potentials): (Vec<_>, Vec<_>) = match compartments.take(apart, running.compartments()) {
                Ok(found) => found.into_iter().unzip(),
                Err(name) => {
                    failures.push_at(entity, "Equations", format!("the compartment `{name}` is gone"));
                    continue;
                }
            };
            let sites: All<'_> = std::iter::once((input, conductance, jump)).chain(sites).collect();
            let of = For {
                dt: clock.dt,
                conductance: bits(sites.iter().map(|(_, open, _)| open.is_some_and(Conductance::is_used))),
                jump: bits(sites.iter().map(|(.., jump)| jump.is_some_and(Jump::is_used))),
                shift: shift.is_some_and(|shift| !shift.get().is_empty()),
                members: spikes.fired().len(),
            };
            if (equations.is_changed() || !running.is_for(of))
                && let Err((part, error)) = running.make_for(&equations, of)
            {
                failures.push_at(entity, format!("Equations.{}", part.field()), error);
                continue;
            }
            let time = clock.since(birth).time();
            let Some(((model, names), made, rows, noises)) = running.begin(time) else { continue };
            let row = |k: u16| rows.row(k);
            let sum = |k: u16| {
                let name = equations.sum_name(k);
                let mut all =
                    own.into_iter().flat_map(RelationshipTarget::iter).filter_map(|one| receptors.get(one).ok());
                let found = all.find(|(own, ..)| name.is_some_and(|name| own.as_str() == name));
                found.map_or(&[][..], |(_, arriving, graded)| graded.map_or(&arriving.sums, |graded| &graded.sum))
            };
            let read = reads(made, |source| column(source, (&sites, shift), (&row, &sum)));
            let state = in_order((model, names), made, state, potentials);
            run(pass, spikes.into_inner(), shares, made, (state, read, noises));
        }
    });
}

/// Columns by their places.
type Columns<'f, 'a> = &'f (dyn Fn(u16) -> &'a [Real] + 'f);

/// The column that a source is; nothing for one that draws.
fn column<'a>(
    source: Source,
    (sites, shift): (&All<'a>, Option<&'a ThresholdShift>),
    (row, sum): (Columns<'_, 'a>, Columns<'_, 'a>),
) -> &'a [Real] {
    match source {
        Source::Input(k) => sites.get(usize::from(k)).map_or(&[], |(input, ..)| &input.0),
        Source::Conductance(k) => {
            sites.get(usize::from(k)).and_then(|(_, open, _)| *open).map_or(&[], |open| &open.sum)
        }
        Source::Jump(k) => sites.get(usize::from(k)).and_then(|(.., jump)| *jump).map_or(&[], |jump| &jump.sum),
        Source::Shift => shift.map_or(&[], ThresholdShift::get),
        Source::Timed(k) => row(k),
        Source::Sum(k) => sum(k),
        Source::Normal | Source::Uniform | Source::Potential => &[],
    }
}

/// The columns that a program reads, in its order.
fn reads<'a>(made: &'a Runnable, column: impl Fn(Source) -> &'a [Real]) -> Vec<Read<'a>> {
    let of = |place: &u16| match made.sources[usize::from(*place)] {
        source if draws(source) => Read::Of(source),
        source => Read::Column(column(source)),
    };
    let fixed = made.lowered.fixed.iter().map(|numbers| Read::Column(numbers));
    made.lowered.read.iter().map(of).chain(fixed).collect()
}

/// The columns that a program changes, in its order.
fn in_order<'a>(
    (model, compartments): (&Model, &[String]),
    made: &Runnable,
    (own, v, left): (Mut<'a, EquationVariables>, Option<Mut<'a, V>>, Option<Mut<'a, RefractoryLeft>>),
    potentials: Vec<&'a mut [Real]>,
) -> Vec<&'a mut [Real]> {
    let mut own = own.into_inner().columns_mut();
    let mut v = v.map(|v| &mut v.into_inner().0[..]);
    // Compartments stand in the order of their potentials.
    let (mut names, mut potentials) = (compartments.iter().peekable(), potentials.into_iter());
    let mut next = |name: &str| match name {
        "v" => v.take(),
        _ if names.next_if(|own| name.strip_prefix("v_") == Some(own)).is_some() => potentials.next(),
        _ => own.next(),
    };
    let mut columns: Vec<_> = model.variables().filter_map(|variable| next(&variable.name)).collect();
    if made.refractory {
        columns.extend(left.map(|left| &mut left.into_inner().0[..]));
    }
    columns
}

/// What a program runs on: columns that it changes, those that it reads, and random streams.
type On<'a> = (Vec<&'a mut [Real]>, Vec<Read<'a>>, &'a mut Noises);

fn run<'a>(
    pass: &mut Pass<'a>,
    spikes: &'a mut Spikes,
    shares: &ThreadShares,
    made: &'a Runnable,
    (state, read, noises): On<'a>,
) {
    let (program, constants) = (&made.lowered.program, made.lowered.lines());
    let is_drawn = read.iter().any(|read| matches!(read, Read::Of(_)));
    // Some 0.1 ns for each instruction.
    let effort = if is_drawn || program.len() > 8 { Effort::Heavy } else { Effort::Light };
    let streams: Vec<PerBlock<'_, VectorRng>> = noises.each().map(PerBlock).collect();
    let kernel =
        move |(mut state, read, mut streams): (Vec<&mut [Real]>, Vec<Read<'_>>, Vec<PerBlock<'_, VectorRng>>),
              fired: &mut [u8]| {
            let drawn = read.iter().filter_map(|read| match read {
                Read::Of(source) => Some(*source),
                Read::Column(_) => None,
            });
            let numbers: Vec<Column<Real>> = drawn
                .zip(&mut streams)
                .filter_map(|(source, stream)| Some(drawn_from(stream.0.first_mut()?, source, fired.len())))
                .collect();
            let mut numbers = numbers.iter();
            let inputs: Vec<&[Real]> = read
                .iter()
                .map(|read| match read {
                    Read::Column(numbers) => numbers,
                    Read::Of(_) => numbers.next().map_or(&[][..], |numbers| &numbers[..]),
                })
                .collect();
            program.run(&mut state, &inputs, constants, fired);
        };
    spikes.by_blocks(effort, pass, shares, (state, read, streams), kernel);
}

/// So many numbers of a source.
fn drawn_from(stream: &mut VectorRng, source: Source, number: usize) -> Column<Real> {
    match source {
        Source::Normal => stream.column(number, normal::next_pair),
        _ => stream.column(number, |own| [own.next_uniforms(), own.next_uniforms()]),
    }
}
