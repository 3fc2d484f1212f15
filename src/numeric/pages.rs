//! Advice on memory: large pages for what is large and read at random, none for what nobody looks at.
#![expect(unsafe_code, reason = "system calls on memory that the caller owns")]

use bytemuck::Pod;

/// Bytes from which large pages are asked for: two of those that x86-64 and AArch64 have.
const LARGE: usize = 4 << 20;

/// Asks the system for large pages for `bytes` from `start` on, before they are touched for the first time.
///
/// The rows of a large network lie all over gigabytes, and with pages of 4 KB nearly every one of them misses the cache of
/// page addresses. Where the system does not know such pages, or gives none, nothing is lost.
pub(super) fn prefer_large<T>(start: *const T, bytes: usize) {
    #[cfg(target_os = "linux")]
    if bytes >= LARGE {
        let (skipped, whole) = whole_pages(start.addr(), bytes);
        // SAFETY: whole pages within what the caller owns; the advice changes no byte of them, and where the call fails
        // they stay as they are.
        unsafe { libc::madvise(start.wrapping_byte_add(skipped).cast_mut().cast(), whole, libc::MADV_HUGEPAGE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (start, bytes);
}

/// Gives the memory of numbers that nobody needs back to the system, whose place stays: each is what it was from now on, or zero.
pub(super) fn release<T: Pod>(numbers: &mut [T]) {
    #[cfg(target_os = "linux")]
    {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(numbers);
        let (skipped, whole) = whole_pages(bytes.as_ptr().addr(), bytes.len());
        if let Some(pages @ [_, ..]) = bytes.get_mut(skipped..skipped + whole) {
            // SAFETY: whole pages that this reference alone reaches, of numbers for which any bytes will do. What the heap is made of
            // belongs to this process and to no file: the system takes the pages and gives pages of zeros when they are touched again.
            // Of memory that is otherwise made, as shared or locked, it refuses or keeps the bytes.
            unsafe { libc::madvise(pages.as_mut_ptr().cast(), pages.len(), libc::MADV_DONTNEED) };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = numbers;
}

/// Bytes before the first whole page of some memory, and those of all its whole pages.
#[cfg(target_os = "linux")]
fn whole_pages(start: usize, bytes: usize) -> (usize, usize) {
    // SAFETY: a constant of the system.
    let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(1 << 16).max(1);
    let skipped = (start.next_multiple_of(page) - start).min(bytes);
    (skipped, (bytes - skipped) / page * page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "a system call that Miri does not know")]
    fn what_is_released_is_as_it_was_or_zero_and_can_be_written() {
        let mut numbers = vec![7_u32; LARGE];
        let (kept, others) = numbers.split_at_mut(3 * LARGE / 4 + 5);
        release(others);
        assert!(kept.iter().all(|&number| number == 7) && others.iter().all(|number| [0, 7].contains(number)));
        others.fill(9);
        assert!(others.iter().all(|&number| number == 9));
        release(&mut others[..0]);
    }

    #[test]
    #[cfg_attr(miri, ignore = "a system call that Miri does not know")]
    fn advice_changes_no_byte_wherever_memory_starts_and_ends() {
        let mut bytes = vec![7_u8; 2 * LARGE + 13];
        for (start, len) in [(0, 2 * LARGE + 13), (5, LARGE + 1001), (4096, LARGE), (1, 0)] {
            prefer_large(bytes[start..].as_ptr(), len);
        }
        assert!(bytes.iter().all(|&byte| byte == 7));
        bytes.fill(8);
        assert!(bytes.iter().all(|&byte| byte == 8));
    }
}
