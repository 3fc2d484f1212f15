//! Advice on memory: large pages for what is large and read at random.
#![expect(unsafe_code, reason = "a system call that changes no memory")]

/// Bytes from which large pages are asked for: two of those that x86-64 and AArch64 have.
const LARGE: usize = 4 << 20;

/// Asks the system for large pages for `bytes` from `start` on, before they are touched for the first time.
///
/// The rows of a large network lie all over gigabytes, and with pages of 4 KB nearly every one of them misses the cache of
/// page addresses. Where the system does not know such pages, or gives none, nothing is lost.
pub(super) fn prefer_large<T>(start: *const T, bytes: usize) {
    #[cfg(target_os = "linux")]
    if bytes >= LARGE {
        // SAFETY: a constant of the system.
        let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(1 << 16).max(1);
        let skipped = start.addr().next_multiple_of(page) - start.addr();
        let whole = (bytes - skipped.min(bytes)) / page * page;
        // SAFETY: whole pages within what the caller owns; the advice changes no byte of them, and where the call fails
        // they stay as they are.
        unsafe { libc::madvise(start.wrapping_byte_add(skipped).cast_mut().cast(), whole, libc::MADV_HUGEPAGE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (start, bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

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
