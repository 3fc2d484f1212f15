//! Sub-populations: which members of a group are recorded, or take part in a connection.

use bevy_reflect::prelude::*;

/// Some members of a group.
#[derive(Reflect, Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// All of them.
    #[default]
    All,
    /// From the first index to before the second.
    Range(u32, u32),
    /// One in so many, from the first.
    Stride(u32),
    /// These, in this order.
    List(Vec<u32>),
    /// Those for which an expression is not zero: `"x < 5"`, `"array('mask.npy')"`, `"bernoulli(0.3)"`. What it draws is
    /// drawn for this use alone; a mask that several are to share is one of the `draws` of the group.
    Where(String),
}

impl Selection {
    pub(super) fn indices(&self, members: usize) -> Result<Option<Vec<u32>>, String> {
        let indices: Vec<u32> = match self {
            Self::All | Self::Where(_) => return Ok(None),
            // An end beyond the group is found before the list is made.
            Self::Range(_, end) if *end as usize > members => vec![end - 1],
            Self::Range(start, end) => (*start..*end).collect(),
            Self::Stride(0) => return Err("a stride of 0 leads nowhere".into()),
            Self::Stride(stride) => (0..members as u32).step_by(*stride as usize).collect(),
            Self::List(list) => list.clone(),
        };
        match indices.iter().find(|&&index| index as usize >= members) {
            Some(index) => Err(format!("there is no index {index} among {members} (they count from 0)")),
            None if indices.is_empty() => Err("nothing is selected".into()),
            None => Ok(Some(indices)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selections_stay_within_the_group() {
        assert_eq!(Selection::All.indices(5), Ok(None));
        assert_eq!(Selection::Range(1, 3).indices(5), Ok(Some(vec![1, 2])));
        assert_eq!(Selection::Stride(2).indices(5), Ok(Some(vec![0, 2, 4])));
        assert_eq!(Selection::List(vec![4, 0]).indices(5), Ok(Some(vec![4, 0])));
        for bad in
            [Selection::Range(3, u32::MAX), Selection::Range(2, 2), Selection::List(vec![5]), Selection::Stride(0)]
        {
            assert!(bad.indices(5).is_err(), "{bad:?}");
        }
    }
}
