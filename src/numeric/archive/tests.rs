use super::*;
use crate::numeric::stream::Stream;

#[derive(Clone, Debug, PartialEq)]
struct Kept {
    name: Option<String>,
    members: Vec<f32>,
    list: Vec<u32>,
    column: Vec<f64>,
    streams: Vec<VectorRng>,
}

impl Kept {
    fn new(start: u32, length: usize) -> Self {
        let mut streams = VectorRng::for_blocks(Stream::new(1, &["kept"]), 2);
        for _ in 0..start {
            streams[1].next_words();
        }
        Self {
            name: Some(format!("{start}")),
            members: vec![start as f32; 3],
            list: (start..start + length as u32).collect(),
            column: vec![f64::from(start); length],
            streams,
        }
    }

    fn keep(&mut self, mut archive: Archive<'_>) -> Result<(), ArchiveError> {
        archive.value(&mut self.name)?;
        archive.column(&mut self.members)?;
        archive.list(&mut self.list)?;
        let mut column = Column::from(&self.column[..]);
        archive.whole(&mut column)?;
        self.column = column.to_vec();
        archive.streams(&mut self.streams)?;
        archive.end()
    }

    fn saved(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.clone().keep(Archive::save(&mut bytes)).unwrap();
        bytes
    }
}

#[test]
fn what_was_saved_comes_back_whatever_its_length_and_a_check_changes_nothing() {
    let (one, mut other) = (Kept::new(7, 5), Kept::new(2, 0));
    let (bytes, before) = (one.saved(), other.clone());
    other.keep(Archive::check(&mut &bytes[..], bytes.len() as u64)).unwrap();
    assert_eq!(other, before);
    other.keep(Archive::restore(&mut &bytes[..], bytes.len() as u64)).unwrap();
    assert_eq!(other, one);
}

#[test]
fn streams_go_on_otherwise_if_they_are_to() {
    let one = Kept::new(7, 5);
    let bytes = one.saved();
    let restored = |noise| {
        let mut other = Kept::new(2, 0);
        other.keep(Archive::restore(&mut &bytes[..], bytes.len() as u64).with_noise(noise)).unwrap();
        other
    };
    assert_eq!(restored(None), one);
    let others = [1, 2].map(|noise| restored(Some(noise)));
    assert_eq!(others[0], restored(Some(1)));
    let all = [&one, &others[0], &others[1]].map(|kept| kept.streams.clone()).concat();
    assert!((0..6).all(|i| all[..i].iter().all(|known| *known != all[i])));
    assert_eq!(Kept { streams: one.streams.clone(), ..others[0].clone() }, one);
}

#[test]
fn bytes_that_are_cut_go_on_or_lie_about_lengths_are_refused() {
    let bytes = Kept::new(7, 5).saved();
    let read = |bytes: &[u8]| Kept::new(1, 1).keep(Archive::restore(&mut &bytes[..], bytes.len() as u64));
    assert!((0..bytes.len()).all(|cut| read(&bytes[..cut]).is_err()));
    assert!(matches!(read(&[&bytes[..], &[0]].concat()), Err(ArchiveError::Form)));
    for at in 0..bytes.len() - 8 {
        let mut lying = bytes.clone();
        lying[at..at + 8].fill(0xff);
        // An error or other numbers, but no memory beyond what there are bytes for.
        let _ = read(&lying);
    }
    let mut short = Kept::new(1, 1);
    short.members.pop();
    let error = short.keep(Archive::check(&mut &bytes[..], bytes.len() as u64)).unwrap_err();
    assert_eq!(error.to_string(), "3 values were saved, and there are 2");
}
